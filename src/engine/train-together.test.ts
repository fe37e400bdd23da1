import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tensorsOf } from '../lora/adapter-tensors.ts';
import { openModel, Q8 } from '../model/testing/open-model.ts';
import { DEFAULT_SETTINGS, type TrainSettings } from '../train/recipe.ts';
import { goldenPath, goldenRows, readGoldenJson } from '../train/testing/golden.ts';
import type { TrainEvent } from '../train/train-events.ts';
import { arenaSizes } from '../train/train-together.ts';
import { newShape, trainAdapter, trainTogether } from './train-adapter.ts';

const folder = goldenPath('llama')!;
const opened = openModel(path.join(folder, 'model'), Q8);
const golden = goldenRows(readGoldenJson(folder, 'base.json'));
const ROWS = Array.from({ length: 9 }, (_, i) => {
  const { ids, mask, ...rest } = golden[i % 2]!;
  return { ...rest, ids: ids.map((id) => (id + 7 * i) % 512), mask };
});
const { epochs: _, ...DEFAULTS } = DEFAULT_SETTINGS;
const SETTINGS: TrainSettings = { ...DEFAULTS, steps: 6, batchSize: 2, validationSplit: 0.2, evalEvery: 3 };

/** Ranks, rates, data, lengths and kinds that differ. */
const RUNS: readonly { rows: typeof ROWS; settings: TrainSettings }[] = [
  { rows: ROWS, settings: { ...SETTINGS, rank: 4 } },
  { rows: ROWS, settings: { ...SETTINGS, rank: 16, learningRate: 5e-3, dropout: 0.2, steps: 9 } },
  { rows: ROWS.slice(3), settings: { ...SETTINGS, rank: 2, seed: 5, batchSize: 3, lora: { use_dora: true } } },
  {
    rows: ROWS.toReversed(),
    settings: { ...SETTINGS, clip: 0.1, gradAccum: 2, loraPlusRatio: 8, lora: { modules_to_save: ['lm_head'] } },
  },
];

const withoutTime = (event: TrainEvent) => (event.type === 'step' ? { ...event, ms: 0 } : event);

describe('trainTogether()', () => {
  it('gives each of four adapters the bits of a run of its own', async () => {
    const model = await opened;
    const told: TrainEvent[][] = RUNS.map(() => []);
    const order: number[] = [];
    const results = await trainTogether(
      model,
      RUNS.map((run, i) => ({
        ...run,
        hooks: {
          onEvent(event: TrainEvent) {
            told[i]!.push(withoutTime(event));
            if (event.type === 'step') order.push(i);
          },
        },
      })),
    );
    for (const [i, { rows, settings }] of RUNS.entries()) {
      const events: TrainEvent[] = [];
      const onEvent = (event: TrainEvent) => events.push(withoutTime(event));
      const alone = await trainAdapter(model, { rows, settings, hooks: { onEvent } });
      const result = results[i]!;
      if (result.status === 'rejected') throw result.reason;
      expect(told[i], `curve ${i}`).toEqual(events);
      expect(tensorsOf(result.value.adapter), `adapter ${i}`).toEqual(tensorsOf(alone.adapter));
      expect(result.value.outcome).toEqual(alone.outcome);
    }
    // At once, not one after another: every run has made a step before the first has ended.
    const firstEnd = Math.min(...RUNS.map((_, i) => order.lastIndexOf(i)));
    expect(new Set(order.slice(0, firstEnd)).size).toBe(RUNS.length);
  });

  it('needs work space once, not four times', async () => {
    const model = await opened;
    const members = RUNS.map((run) => ({ ...run, shape: newShape(model, run.settings) }));
    const sum = (sizes: readonly number[]) => sizes.reduce((a, b) => a + b, 0);
    const each = members.map((member) => sum(arenaSizes(model, [member])));
    expect(sum(arenaSizes(model, members))).toBe(Math.max(...each));
  });

  it('lets the others go on when one fails, and refuses five', async () => {
    const bad = { ...SETTINGS, learningRate: 10, clip: 0, alpha: 1e6 };
    const [good, failed] = await trainTogether(await opened, [
      { rows: ROWS, settings: SETTINGS, hooks: { onEvent() {} } },
      { rows: ROWS, settings: bad, hooks: { onEvent() {} } },
    ]);
    expect(good).toMatchObject({ status: 'fulfilled', value: { outcome: { steps: 6 } } });
    expect(failed?.status === 'rejected' || failed?.value.outcome.trouble !== undefined).toBe(true);
    const five = Array.from({ length: 5 }, () => ({ rows: ROWS, settings: SETTINGS, hooks: { onEvent() {} } }));
    await expect(trainTogether(await opened, five)).rejects.toThrow('found 5 adapters, need 1 to 4');
  });
});
