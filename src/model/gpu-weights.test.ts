import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDevice } from '../gpu/testing/open-device.ts';
import { STORAGES } from '../gpu/testing/weights.ts';
import type { Storage } from '../gpu/weight.ts';
import { GpuWeights } from './gpu-weights.ts';
import { fileFromBytes } from './model-file.ts';
import { openModelFolder } from './model-folder.ts';
import { modelParts } from './model-parts.ts';
import { placeWeight } from './prepare-weights.ts';
import type { PreparedRecord, PreparedStore } from './prepared-store.ts';
import { diskFolder } from './testing/shared.ts';

const MODEL = path.resolve(import.meta.dirname, '../train/testing/fixtures/llama/model');

/** A prepared store in memory. */
function memoryStore() {
  const kept = new Map<string, { bytes: Uint8Array; record: PreparedRecord }>();
  const log: string[] = [];
  const store: PreparedStore = {
    async open(key) {
      const entry = kept.get(key);
      if (entry === undefined) return undefined;
      log.push('opened');
      return { file: fileFromBytes(key, entry.bytes), record: entry.record };
    },
    async create(key) {
      const parts: Uint8Array[] = [];
      return {
        append: async (bytes) => void parts.push(bytes.slice()),
        async commit(record) {
          kept.set(key, {
            bytes: new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer()),
            record,
          });
          log.push('committed');
        },
        abort: async () => void log.push('aborted'),
      };
    },
    async remove(key) {
      kept.delete(key);
      log.push('removed');
    },
    measure: async () => ({ models: kept.size, bytes: 0 }),
    clear: async () => kept.clear(),
  };
  return { store, kept, log };
}

async function load(store: PreparedStore, quant: Storage) {
  const device = await openDevice();
  const { config, tensors } = await openModelFolder(diskFolder(MODEL), 'llama');
  const places = modelParts(config).tensors.map((spec) => placeWeight(spec, { linears: quant, embeddings: quant }));
  const weights = await GpuWeights.load(device, tensors, places, { store, key: quant });
  weights.destroy();
  return weights;
}

describe('GpuWeights.load()', () => {
  for (const quant of STORAGES) {
    it(`keeps a prepared ${quant} model and opens the copy with the same hash`, async () => {
      const { store, log } = memoryStore();
      const fresh = await load(store, quant);
      const cached = await load(store, quant);
      expect(log).toEqual(['committed', 'opened']);
      expect(cached.hash).toBe(fresh.hash);
    });
  }

  it('prepares a model again when its copy is damaged', async () => {
    const { store, kept, log } = memoryStore();
    const { hash } = await load(store, 'q8');
    kept.get('q8')!.bytes[100]! ^= 1;
    expect((await load(store, 'q8')).hash).toBe(hash);
    expect(log).toEqual(['committed', 'opened', 'removed', 'committed']);
  });

  it.each(['create', 'append', 'commit'] as const)(
    'goes on without a copy when %s finds no space, and says so',
    async (step) => {
      const { store, kept, log } = memoryStore();
      const fail = () => Promise.reject(new Error('no space left'));
      const full: PreparedStore = {
        ...store,
        create: async (key) => (step === 'create' ? fail() : { ...(await store.create(key))!, [step]: fail }),
      };
      const weights = await load(full, 'q8');
      expect(weights.notKept).toBe('Cannot keep the prepared model for the next opening: no space left');
      expect(weights.hash).toBe((await load(store, 'q8')).hash);
      expect(log).toEqual(step === 'append' ? ['aborted', 'committed'] : ['committed']);
      expect(kept.size).toBe(1);
    },
  );

  it('gives other schemes other hashes', async () => {
    const { store } = memoryStore();
    expect((await load(store, 'q8')).hash).not.toBe((await load(store, 'f32')).hash);
  });
});
