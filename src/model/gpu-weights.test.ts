import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDevice } from '../gpu/testing/open-device.ts';
import { STORAGES } from '../gpu/testing/weights.ts';
import type { Storage } from '../gpu/weight.ts';
import { GpuWeights } from './gpu-weights.ts';
import { fileFromBytes, type ModelFile } from './model-file.ts';
import { openModelFolder } from './model-folder.ts';
import { modelParts } from './model-parts.ts';
import { placeWeight } from './prepare-weights.ts';
import type { HalfRecord, PreparedRecord, PreparedStore, PreparedWriter } from './prepared-store.ts';
import { diskFolder } from './testing/shared.ts';

const MODEL = path.resolve(import.meta.dirname, '../train/testing/fixtures/llama/model');

/** A prepared store in memory. */
function memoryStore() {
  const kept = new Map<string, { bytes: Uint8Array; record: PreparedRecord }>();
  const halves = new Map<string, { bytes: Uint8Array; record: HalfRecord }>();
  const log: string[] = [];
  const joined = async (parts: readonly Uint8Array[]) =>
    new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const writer = (key: string, parts: Uint8Array[]): PreparedWriter => ({
    append: async (bytes) => void parts.push(bytes.slice()),
    async commit(record) {
      kept.set(key, { bytes: await joined(parts), record });
      log.push('committed');
    },
    async suspend(record) {
      halves.set(key, { bytes: await joined(parts), record });
      log.push('suspended');
    },
    abort: async () => void log.push('aborted'),
  });
  const store: PreparedStore = {
    async open(key) {
      const entry = kept.get(key);
      if (entry === undefined) return undefined;
      log.push('opened');
      return { file: fileFromBytes(key, entry.bytes), record: entry.record };
    },
    async openHalf(key) {
      const half = halves.get(key);
      if (half === undefined) return undefined;
      const goOn = async () => {
        log.push('gone on');
        halves.delete(key);
        return writer(key, [half.bytes.slice(0, half.record.bytes)]);
      };
      return { file: fileFromBytes(key, half.bytes), record: half.record, goOn };
    },
    create: async (key) => writer(key, []),
    async remove(key) {
      kept.delete(key);
      log.push('removed');
    },
    measure: async () => ({ models: kept.size, bytes: 0 }),
    clear: async () => kept.clear(),
  };
  return { store, kept, halves, log };
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

  it('prepares an older copy again, and leaves a newer one to the Graft that made it', async () => {
    const { store, kept, log } = memoryStore();
    const { hash } = await load(store, 'q8');
    const { record, bytes } = kept.get('q8')!;
    kept.set('q8', { bytes, record: { ...record, version: record.version - 1 } });
    expect((await load(store, 'q8')).hash).toBe(hash);
    expect(kept.get('q8')!.record).toEqual(record);
    const newer = { bytes: new Uint8Array([1, 2, 3]), record: { ...record, version: record.version + 1, bytes: 3 } };
    kept.set('q8', newer);
    log.length = 0;
    const weights = await load(store, 'q8');
    expect(weights.hash).toBe(hash);
    expect(weights.notKept).toMatch(
      /^Cannot keep .* found a copy of version \d+ that a newer Graft has made, need at most/,
    );
    expect(kept.get('q8')).toBe(newer);
    expect(log).toEqual(['opened']);
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

  describe('broken off and gone on with later', () => {
    /** Opens; breaks off after `most` reads of the weights. `isFar`: as files of the Hub are. */
    async function attempt(store: PreparedStore, most: number, by: 'signal' | 'error', isFar = true) {
      const device = await openDevice();
      const { config, tensors } = await openModelFolder(diskFolder(MODEL), 'llama');
      const abort = new AbortController();
      let reads = 0;
      const file = (of: ModelFile): ModelFile => ({
        ...of,
        ...(isFar && { identity: 'these bytes' }),
        async read(offset, length) {
          if (++reads > most && by === 'error') throw new Error('Cannot go on: the line is cut');
          if (reads > most) abort.abort();
          return of.read(offset, length);
        },
      });
      const far = new Map([...tensors].map(([name, info]) => [name, { ...info, file: file(info.file) }]));
      const places = modelParts(config).tensors.map((spec) =>
        placeWeight(spec, { linears: 'nf4-dq', embeddings: 'q8' }),
      );
      try {
        const weights = await GpuWeights.load(device, far, places, { store, key: 'k', signal: abort.signal });
        weights.destroy();
        return { hash: weights.hash, reads };
      } catch (error) {
        return { error: error as Error, reads };
      }
    }
    const whole = async () => attempt(memoryStore().store, Number.POSITIVE_INFINITY, 'error');

    it.each(['signal', 'error'] as const)('by a(n) %s: reads only the rest, to the same bits', async (by) => {
      const { store, kept, log } = memoryStore();
      const fresh = await whole();
      expect((await attempt(store, 5, by)).error).toBeDefined();
      expect((await attempt(store, 6, by)).error).toBeDefined();
      const last = await attempt(store, Number.POSITIVE_INFINITY, by);
      expect(log).toEqual(['suspended', 'gone on', 'suspended', 'gone on', 'committed']);
      expect(last.hash).toBe(fresh.hash);
      // What was read when it broke off may be read again: one tensor.
      expect(last.reads).toBeLessThanOrEqual(fresh.reads - 5 - 6 + 2);
      expect((await attempt(store, 0, by)).hash, 'the copy is whole').toBe(fresh.hash);
      expect(kept.get('k')!.record.hash).toBe(fresh.hash);
    });

    it('starts anew when what is left is damaged', async () => {
      const { store, halves, log } = memoryStore();
      await attempt(store, 5, 'signal');
      halves.get('k')!.bytes[7]! ^= 1;
      expect(await attempt(store, Number.POSITIVE_INFINITY, 'signal')).toEqual(await whole());
      expect(log).toEqual(['suspended', 'committed']);
    });

    it('keeps nothing of a local file that turned out broken, or of a first tensor', async () => {
      const { store, log } = memoryStore();
      await attempt(store, 5, 'error', false);
      await attempt(store, 0, 'signal');
      expect(log).toEqual(['aborted', 'aborted']);
    });
  });

  it('gives other schemes other hashes', async () => {
    const { store } = memoryStore();
    expect((await load(store, 'q8')).hash).not.toBe((await load(store, 'f32')).hash);
  });
});
