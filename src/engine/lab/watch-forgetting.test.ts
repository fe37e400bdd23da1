// A run that is watched: measured before, on the way and after, and the same to the bit as one that is not.

import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice } from '../../gpu/testing/open-device.ts';
import { BaseModel } from '../../model/base-model.ts';
import { openModelFolder } from '../../model/model-folder.ts';
import { diskFolder } from '../../model/testing/shared.ts';
import { type Checkpoint, decodeCheckpoint, type ForgettingRecord } from '../../train/checkpoint.ts';
import { DEFAULT_SETTINGS } from '../../train/recipe.ts';
import { pastEvents } from '../../train/train-events.ts';
import { type KeepOptions, trainAdapter } from '../train-adapter.ts';

const SCION = path.join(import.meta.dirname, '../../../public/models/scion');
const ROWS = Array.from({ length: 6 }, (_, i) => {
  const ids = Int32Array.from({ length: 12 }, (_, t) => 40 + ((7 * i + t * t) % 500));
  return { file: 'test', line: i + 1, ids, mask: Uint8Array.from(ids, (_, t) => Number(t > 0)) };
});
const settings = {
  ...DEFAULT_SETTINGS,
  epochs: undefined,
  steps: 5,
  rank: 2,
  targets: ['q_proj', 'down_proj'],
  learningRate: 3e-2,
  schedule: 'constant',
  warmupSteps: 0,
  batchSize: 2,
  validationSplit: 0,
};

let model: BaseModel;
beforeAll(async () => {
  const device = await openDevice();
  model = await BaseModel.open(device, await openModelFolder(diskFolder(SCION), 'scion'), {
    linears: 'q8',
    embeddings: 'q8',
  });
});
afterAll(() => model.destroy());

/** Keeps its records; with `from`, goes on where the first of them stood. */
function kept(from?: Checkpoint) {
  const records: Uint8Array[] = [];
  const store = {
    save: async (record: Uint8Array) => void records.push(record),
    async *records() {},
    async clear() {},
  };
  const keep = { store, dataHash: 'd', everySteps: 3, everySeconds: 1e9, mostShare: 1e9, resumeFrom: from };
  return { keep, records };
}

async function train(forgettingEvery: number, keep?: KeepOptions) {
  const told: ForgettingRecord[] = [];
  const { epochs: _, ...rest } = settings;
  const { adapter, outcome } = await trainAdapter(model, {
    rows: ROWS,
    settings: { ...rest, schedule: 'constant', forgettingEvery },
    hooks: { onEvent: (event) => event.type === 'forgetting' && told.push(event) },
    keep,
  });
  const factors = [...adapter.modules.values()].flatMap(({ a, b }) => [...a, ...b]);
  return { told, factors, outcome };
}

describe('a run that watches what it forgets', () => {
  it('measures before, on the way and after, and trains as if it did not', async () => {
    const { keep, records } = kept();
    const watched = await train(2, keep);
    expect(watched.told.map(({ step }) => step)).toEqual([0, 2, 4, 5]);
    expect(watched.told).toMatchObject([...watched.outcome.curve.forgetting!]);
    const [first, , , last] = watched.told;
    // B is 0 before the first step: the adapted model is the base.
    expect(first).toMatchObject({ kl: 0 });
    expect(first!.loss).toBe(first!.baseLoss);
    expect(last!.kl).toBeGreaterThan(0);
    for (const { baseLoss, tokens } of watched.told) {
      expect(baseLoss).toBe(first!.baseLoss);
      expect(tokens).toBeGreaterThan(100);
    }
    const unwatched = await train(0);
    expect(unwatched.told).toEqual([]);
    expect(unwatched.outcome.curve.forgetting).toBeUndefined();
    expect(watched.outcome.curve.losses).toEqual(unwatched.outcome.curve.losses);
    expect(watched.factors).toEqual(unwatched.factors);

    const checkpoint = await decodeCheckpoint(records[0]!);
    expect(checkpoint.steps).toHaveLength(3);
    expect(pastEvents(checkpoint, ROWS).map(({ type, step }) => `${type} ${step}`)).toEqual([
      'forgetting 0',
      'step 1',
      'step 2',
      'forgetting 2',
      'step 3',
    ]);
    const resumed = await train(2, kept(checkpoint).keep);
    expect(resumed.told.map(({ step }) => step)).toEqual([4, 5]);
    expect(resumed.outcome.curve).toEqual(watched.outcome.curve);
    expect(resumed.factors).toEqual(watched.factors);
  });
});
