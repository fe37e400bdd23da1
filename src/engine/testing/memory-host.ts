// The page's engine over a storage in memory and a small model with something in it, for tests of the services.

import { openDawn } from '../../gpu/dawn.node.ts';
import type { ModelFile } from '../../model/model-file.ts';
import { tinyFolder, tinyTensors } from '../../model/testing/tiny-model.ts';
import { createEngine } from '../engine.ts';
import { DEFAULT_SETTINGS, type EngineApi, type TrainSettings } from '../protocol.ts';
import type { EngineHost } from '../session.ts';
import { memoryAdapters, type StoredAdapters } from './memory-adapters.ts';
import { memoryArchive } from './memory-archive.ts';
import { memoryExport } from './memory-export.ts';

const gpu = openDawn();

/** 40 steps of two rows, some held back. */
export const SETTINGS: TrainSettings = {
  ...DEFAULT_SETTINGS,
  rank: 2,
  learningRate: 5e-3,
  epochs: 10,
  batchSize: 2,
  seqLen: 32,
  validationSplit: 0.2,
};

export const DATA = new File(
  [Array.from({ length: 10 }, (_, i) => JSON.stringify({ prompt: `row ${i}`, completion: `is ${i * i}` })).join('\n')],
  'squares.jsonl',
);

/** A host with nothing to keep but what a test adds: no copies of models, downloads in memory, and the tiny model to open. */
export function quietHost(): Pick<EngineHost, 'gpu' | 'prepared' | 'writeExport' | 'fetchModel'> {
  return {
    gpu,
    prepared: {
      open: async () => undefined,
      openHalf: async () => undefined,
      create: async () => undefined,
      remove: async () => {},
      measure: async () => ({ models: 0, bytes: 0 }),
      clear: async () => {},
    },
    writeExport: memoryExport,
    fetchModel: async () => tinyModel(),
  };
}

export function memoryEngine(): {
  readonly engine: EngineApi;
  readonly adapters: StoredAdapters;
  /** Adapters whose files were read, in order. */
  readonly reads: readonly string[];
} {
  const { adapters, store } = memoryAdapters();
  const reads: string[] = [];
  const host: EngineHost = {
    ...quietHost(),
    adapters: {
      ...store,
      files(id) {
        reads.push(id);
        return store.files(id);
      },
    },
    archive: memoryArchive(),
    runs: {
      checkpoints: () => ({ save: async () => {}, records: async function* () {}, clear: async () => {} }),
      update: async () => {},
      clear: async () => {},
      claim: async () => () => {},
      freed: async () => {},
      begin: async () => {},
      interrupted: async () => undefined,
      rows: () => Promise.reject(new Error('no run is kept here')),
    },
  };
  return { engine: createEngine(host), adapters, reads };
}

export async function openTiny(engine: EngineApi): Promise<void> {
  await engine.base.openDevice();
  await engine.base.openModel({ kind: 'bundled', id: 'tiny', url: '' }, 'q8', () => {});
}

export async function openSquares(engine: EngineApi): Promise<void> {
  const options = { maxTokens: 32, longRows: 'truncate', completionOnly: true } as const;
  await engine.data.openDataset([DATA], options, () => {});
}

/** The same numbers every time, never all equal. */
export function tinyModel(): ModelFile[] {
  let state = 1;
  const tensors = tinyTensors().map((tensor) => {
    const values = new Float32Array(tensor.bytes.byteLength / 4);
    for (let i = 0; i < values.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      values[i] = tensor.name.includes('norm') ? 1 : state / 2 ** 33;
    }
    return { ...tensor, bytes: new Uint8Array(values.buffer) };
  });
  return tinyFolder({}, tensors);
}
