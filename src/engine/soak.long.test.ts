// A long run on the bundled base: what it holds at its end, it held soon after its start. Two thousand steps, or as many as
// GRAFT_SOAK_STEPS says.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { TokenRow } from '../data/types.ts';
import { openDevice } from '../gpu/testing/open-device.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { diskFolder } from '../model/testing/shared.ts';
import { openCheckpointFolder } from '../storage/node.ts';
import { growth, type MemorySample, measureMemory, slope } from '../testing/memory-watch.ts';
import { tellFigure } from '../testing/tell-figure.ts';
import { DEFAULT_SETTINGS, type TrainSettings } from '../train/recipe.ts';
import { trainAdapter } from './train-adapter.ts';

const STEPS = Number(process.env.GRAFT_SOAK_STEPS ?? 2000);
/** Samples of a run; those of its first fifth are left out: by then every program has run and every arena has its pages. */
const SAMPLES = 40;
const MAX_GROWTH = 0.02;
const SCION = path.resolve(import.meta.dirname, '../../public/models/scion');
const TINY = path.resolve(import.meta.dirname, '../train/testing/fixtures/llama/model');

const { epochs: _, ...DEFAULTS } = DEFAULT_SETTINGS;
const SETTINGS: TrainSettings = { ...DEFAULTS, rank: 4, dropout: 0.1, batchSize: 1 };

function rowsOf(vocab: number): TokenRow[] {
  return Array.from({ length: 40 }, (_, i) => {
    const ids = Int32Array.from({ length: 6 + (i % 10) }, (_, t) => 5 + ((i * 31 + t * t * 7) % (vocab - 5)));
    return { file: 'soak', line: i + 1, ids, mask: Uint8Array.from(ids, (_, t) => (t > 1 ? 1 : 0)) };
  });
}

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
const gpuBytes = opened.then(({ gpu }) => watchBuffers(gpu));
afterAll(async () => (await opened).destroy());

/** A run with checkpoints; `onStep` is called with each of its steps. */
async function soak(folder: string, vocab: number, steps: number, onStep: () => void = () => {}) {
  const device = await opened;
  const heldOnGpu = await gpuBytes;
  const quant = { linears: 'q8', embeddings: 'q8' } as const;
  const model = await BaseModel.open(device, await openModelFolder(diskFolder(folder), 'soak'), quant);
  const every = steps / SAMPLES;
  const samples: (MemorySample & { readonly gpu: number })[] = [];
  const kept: number[] = [];
  const disk = mkdtempSync(path.join(tmpdir(), 'graft-soak-'));
  const began = performance.now();
  const { outcome } = await trainAdapter(model, {
    rows: rowsOf(vocab),
    settings: { ...SETTINGS, steps, evalEvery: steps / 20 },
    hooks: {
      onEvent(event) {
        if (event.type !== 'step') return;
        onStep();
        if (event.step % every === 0) samples.push({ ...measureMemory(event.step), gpu: heldOnGpu() });
      },
    },
    keep: {
      store: openCheckpointFolder(disk),
      dataHash: 'd',
      onSaved: (_, problem, ms) => void (problem === undefined && kept.push(ms)),
      everySteps: every,
      everySeconds: 1e9,
      mostShare: 1,
    },
  });
  const ms = performance.now() - began;
  expect(outcome.steps).toBe(steps);
  model.destroy();
  rmSync(disk, { recursive: true });
  return { samples: samples.slice(SAMPLES / 5), kept, ms, outcome };
}

describe(`memory is flat within ${100 * MAX_GROWTH} %`, () => {
  it(`over ${STEPS} steps on the bundled base: what the program holds, libraries and driver with it, buffers of the GPU`, async () => {
    const { samples, kept, ms, outcome } = await soak(SCION, 4096, STEPS);
    const percent = (value: number) => `${(100 * value).toFixed(2)} %`;
    const [live, native] = [growth(samples, 'live'), growth(samples, 'native')];
    const told = samples.map(({ step, ...bytes }) => `${step}: ${JSON.stringify(bytes)}`).join('\n');
    expect(live, told).toBeLessThan(MAX_GROWTH);
    expect(native, told).toBeLessThan(MAX_GROWTH);
    expect(new Set(samples.map(({ gpu }) => gpu)).size, told).toBe(1);
    expect((await gpuBytes)(), 'everything is given back').toBe(0);
    expect(kept.length, 'checkpoints were kept meanwhile').toBeGreaterThan(10);
    expect(outcome.finalLoss).toBeLessThan(5);
    const keptMs = kept.reduce((sum, one) => sum + one, 0);
    tellFigure(
      'kept',
      `without that limit, reading the state back and writing it to disk ${kept.length} times over ${STEPS} short steps took ${percent(keptMs / ms)} of the run (${(keptMs / kept.length).toFixed(0)} ms each, a step ${(ms / STEPS).toFixed(0)} ms)`,
    );
    tellFigure(
      'soak',
      `${STEPS} steps with ${kept.length} checkpoints, growth over their second half: live heap and array buffers ${percent(live)} (${slope(samples, 'live').toFixed(0)} bytes a step, each step's record among them), libraries and driver ${percent(native)}, GPU buffers 0 bytes; all pages of the process, for what they tell: ${percent(growth(samples, 'resident'))}`,
    );
  });

  it('and eight kilobytes that are lost at each step are too much (control)', async () => {
    const lost: Float64Array[] = [];
    const { samples } = await soak(TINY, 512, 400, () => void lost.push(new Float64Array(1024).fill(lost.length)));
    expect(lost.length).toBe(400);
    expect(growth(samples, 'live')).toBeGreaterThan(MAX_GROWTH);
    expect(slope(samples, 'live')).toBeGreaterThan(7000);
  });
});
