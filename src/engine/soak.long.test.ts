// A run of two thousand steps on the bundled base: what it holds at its end, it held soon after its start.

import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { TokenRow } from '../data/types.ts';
import { openDevice } from '../gpu/testing/open-device.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { diskFolder } from '../model/testing/shared.ts';
import { tellFigure } from '../testing/tell-figure.ts';
import { DEFAULT_SETTINGS, type TrainSettings } from '../train/recipe.ts';
import { trainAdapter } from './train-adapter.ts';

const STEPS = 2000;
/** By then every program has run and every buffer is there. */
const SETTLED = 400;
const MAX_GROWTH = 0.02;
const SCION = path.resolve(import.meta.dirname, '../../public/models/scion');

const { epochs: _, ...DEFAULTS } = DEFAULT_SETTINGS;
const SETTINGS: TrainSettings = { ...DEFAULTS, rank: 4, dropout: 0.1, steps: STEPS, batchSize: 1, evalEvery: 100 };

const ROWS: readonly TokenRow[] = Array.from({ length: 40 }, (_, i) => {
  const ids = Int32Array.from({ length: 6 + (i % 10) }, (_, t) => 5 + ((i * 31 + t * t * 7) % 4000));
  return { file: 'soak', line: i + 1, ids, mask: Uint8Array.from(ids, (_, t) => (t > 1 ? 1 : 0)) };
});

/** Bytes of buffers that have been made and not destroyed, in all. */
function watchBuffers(gpu: GPUDevice): () => number {
  let bytes = 0;
  const create = gpu.createBuffer.bind(gpu);
  gpu.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    bytes += descriptor.size;
    buffer.destroy = () => {
      bytes -= descriptor.size;
      buffer.destroy = destroy;
      return destroy();
    };
    return buffer;
  };
  return () => bytes;
}

const opened = openDevice();
afterAll(async () => (await opened).destroy());

it(`memory is flat within ${100 * MAX_GROWTH} % over ${STEPS} steps, on the host and on the GPU`, async () => {
  const device = await opened;
  const gpuBytes = watchBuffers(device.gpu);
  const model = await BaseModel.open(device, await openModelFolder(diskFolder(SCION), 'scion'), {
    linears: 'q8',
    embeddings: 'q8',
  });
  const samples: { step: number; host: number; gpu: number }[] = [];
  const records: number[] = [];
  const { outcome } = await trainAdapter(
    model,
    ROWS,
    SETTINGS,
    {
      onEvent(event) {
        if (event.type !== 'step' || event.step % 100 !== 0) return;
        globalThis.gc?.();
        samples.push({ step: event.step, host: process.memoryUsage().rss, gpu: gpuBytes() });
      },
    },
    undefined,
    {
      store: {
        save: async (record) => void records.push(record.byteLength),
        async *records() {},
        clear: async () => {},
      },
      dataHash: 'd',
      everySteps: 50,
      everySeconds: 1e9,
    },
  );
  expect(outcome.steps).toBe(STEPS);
  expect(outcome.finalLoss).toBeLessThan(1);
  const settled = samples.filter(({ step }) => step >= SETTLED);
  const half = settled.length >> 1;
  const most = (list: typeof settled, key: 'host' | 'gpu') => Math.max(...list.map((sample) => sample[key]));
  for (const key of ['host', 'gpu'] as const) {
    const [before, after] = [most(settled.slice(0, half), key), most(settled.slice(half), key)];
    expect(after / before - 1, `${key}: ${before} bytes, then ${after}`).toBeLessThan(MAX_GROWTH);
  }
  expect(records.length, 'checkpoints were kept meanwhile').toBeGreaterThan(10);
  const growth = (key: 'host' | 'gpu') =>
    `${(100 * (most(settled.slice(half), key) / most(settled.slice(0, half), key) - 1)).toFixed(2)} %`;
  tellFigure(
    'soak',
    `${STEPS} steps with ${records.length} checkpoints: host memory ${growth('host')}, GPU buffers ${growth('gpu')}`,
  );
  model.destroy();
  expect(gpuBytes(), 'everything is given back').toBe(0);
});
