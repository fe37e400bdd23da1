import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeBatch } from '../data/make-batch.ts';
import { FlatAdapter, readFlat } from '../lora/flat-adapter.ts';
import { openModel, Q8 } from '../model/testing/open-model.ts';
import { type GenerateOptions, Generator } from './generate.ts';
import { DEFAULT_SETTINGS, type TrainSettings } from './recipe.ts';
import { sizeClass } from './run-shape.ts';
import { runTraining } from './run-training.ts';
import { Scorer } from './score.ts';
import { splitRows } from './split-rows.ts';
import { relativeL2 } from './testing/golden.ts';
import { freshFlatLora, freshLora, patternRows } from './testing/short-run.ts';
import type { TrainEvent } from './train-events.ts';
import { TrainStep } from './train-step.ts';

const MODEL = path.resolve(import.meta.dirname, 'testing/fixtures/llama/model');
const opened = openModel(MODEL, Q8);

const SETTINGS: TrainSettings = {
  ...DEFAULT_SETTINGS,
  rank: 4,
  learningRate: 1e-2,
  epochs: 4,
  batchSize: 2,
  validationSplit: 0,
  warmupSteps: 0,
  clip: 1,
};

async function train(settings: TrainSettings, data = patternRows(9), hooks: { stopAfter?: number } = {}) {
  const model = await opened;
  const flat = await freshFlatLora(model, settings);
  const events: TrainEvent[] = [];
  const stop = new AbortController();
  const onEvent = (event: TrainEvent) => {
    events.push(event);
    if (event.type === 'step' && event.step === hooks.stopAfter) stop.abort();
  };
  const outcome = await runTraining(model, flat, { rows: data, settings, hooks: { onEvent, signal: stop.signal } });
  const factors = await flat.read();
  flat.destroy();
  const losses = events.filter((e) => e.type === 'step').map((e) => e.loss);
  return { events, outcome, factors, losses };
}

describe('runTraining()', () => {
  it('learns: the loss falls by more than a third', async () => {
    const { losses, outcome } = await train(SETTINGS);
    expect(losses.length).toBe(20); // ⌈9/2⌉ steps an epoch, 4 epochs
    expect(outcome.steps).toBe(20);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.66);
  });

  it('gives the same bits twice, and others with another seed', async () => {
    const [a, b, c] = [await train(SETTINGS), await train(SETTINGS), await train({ ...SETTINGS, seed: 1 })];
    expect(b.losses).toEqual(a.losses);
    expect(b.factors).toEqual(a.factors);
    expect(c.losses).not.toEqual(a.losses);
  });

  it('gives the same mathematics for two micro-batches as for one batch', async () => {
    const one = await train({ ...SETTINGS, batchSize: 4, shuffle: false }, patternRows(8));
    const two = await train({ ...SETTINGS, batchSize: 2, gradAccum: 2, shuffle: false }, patternRows(8));
    // Only the order of sums differs: some f32 rounding, amplified a little by Adam over eight steps.
    for (const [i, loss] of one.losses.entries()) expect(Math.abs(two.losses[i]! - loss)).toBeLessThan(1e-3);
  });

  it('adds the gradients of micro-batches up to that of one batch', async () => {
    const model = await opened;
    const rows = patternRows(5);
    const columns = 96;
    const gradients = async (groups: readonly (readonly number[])[]) => {
      const flat = await freshFlatLora(model, SETTINGS);
      const shape = { columns, positions: 32, dropout: 0, weightDecay: 0 };
      const step = await TrainStep.create(model, flat, shape);
      step.clearGradients();
      const batches = groups.map((group) => makeBatch(rows, group, columns));
      const { loss } = await step.forwardAndBackward(batches, { update: 1, seed: 0 });
      const found = await readFlat(model.device, step.optimizer.grads);
      step.destroy();
      flat.destroy();
      return { loss, found };
    };
    const one = await gradients([[0, 1, 2, 3, 4]]);
    // Unequal ones: a mean of means is another number.
    const parts = await gradients([[0, 1, 2], [3], [4]]);
    expect(parts.loss).toBeCloseTo(one.loss, 5);
    expect(relativeL2(parts.found, one.found)).toBeLessThan(1e-5);
    expect(relativeL2((await gradients([[0, 1, 2], [3]])).found, one.found), 'control').toBeGreaterThan(1e-2);
  });

  it('keeps what it has when it is stopped', async () => {
    const { outcome, factors } = await train(SETTINGS, patternRows(9), { stopAfter: 3 });
    expect(outcome).toMatchObject({ steps: 3, stopped: true });
    expect([...factors].some(([name, b]) => name.endsWith('lora_B.weight') && b.some((x) => x !== 0))).toBe(true);
  });

  it('validates before, in between and after, on rows it does not train on', async () => {
    const { events, outcome } = await train(
      { ...SETTINGS, validationSplit: 0.25, evalEvery: 5, epochs: 3 },
      patternRows(16),
    );
    const at = events.filter((e) => e.type === 'eval').map((e) => e.step);
    expect(at).toEqual([0, 5, 10, 15, 18]);
    expect(outcome.validationAfter).toBeLessThan(outcome.validationBefore!);
  });

  it('validates by the mean over the tokens that were held back, however they are cut into batches', async () => {
    const data = patternRows(16);
    // Four rows in a batch of three and one of one.
    const settings = { ...SETTINGS, validationSplit: 0.25, batchSize: 3, epochs: 2, dropout: 0.5 };
    const { outcome, factors } = await train(settings, data);
    const { validation } = splitRows(data, settings);
    expect(validation).toHaveLength(4);
    const model = await opened;
    const mean = async (adapter: FlatAdapter | undefined) => {
      const scorer = await Scorer.create(model, adapter, 64, 32);
      const losses: number[] = [];
      for (const row of validation) losses.push(...(await scorer.score(makeBatch(data, [row], 64))).losses);
      scorer.destroy();
      return losses.reduce((a, b) => a + b, 0) / losses.length;
    };
    expect(outcome.validationBefore).toBeCloseTo(await mean(undefined), 5);
    const adapter = await FlatAdapter.create(model.device, freshLora(model, settings), factors);
    // Without the dropout that it was trained with.
    expect(outcome.validationAfter).toBeCloseTo(await mean(adapter), 4);
    adapter.destroy();
  });

  it('trains with dropout, and evaluates without', async () => {
    const settings = { ...SETTINGS, validationSplit: 0.25, epochs: 6 };
    const plain = await train(settings, patternRows(16));
    const dropped = await train({ ...settings, dropout: 0.1 }, patternRows(16));
    const mean = (losses: readonly number[]) => losses.reduce((a, b) => a + b, 0) / losses.length;
    expect(dropped.outcome.validationBefore).toBeCloseTo(plain.outcome.validationBefore!, 5);
    expect(dropped.losses[3]).not.toBe(plain.losses[3]);
    expect(mean(dropped.losses.slice(-6))).toBeLessThan(mean(dropped.losses.slice(0, 6)) * 0.8);
  });

  it('stops with a sentence when the numbers go bad', async () => {
    await expect(train({ ...SETTINGS, learningRate: 10, clip: 0, alpha: 1e6 })).rejects.toThrow(
      /^Cannot go on at step \d+: found a (loss|gradient)/,
    );
  });
});

describe('sizeClass()', () => {
  it('rounds up by at most a quarter and makes four classes an octave', () => {
    const classes = new Set<number>();
    for (let n = 16; n <= 4096; n += 16) {
      const size = sizeClass(n);
      expect(size).toBeGreaterThanOrEqual(n);
      expect(size % 16).toBe(0);
      if (n > 64) expect(size / n).toBeLessThanOrEqual(1.25);
      if (n > 1024 && n <= 2048) classes.add(size);
    }
    expect([...classes]).toEqual([1280, 1536, 1792, 2048]);
  });
});

describe('Generator', () => {
  it('answers with base and adapter side by side as each would alone', async () => {
    const model = await opened;
    const { factors } = await train(SETTINGS);
    const adapter = await FlatAdapter.create(model.device, freshLora(model, SETTINGS), factors);
    const answer = async (answers: { adapter: FlatAdapter | undefined; strength: number }[]) => {
      const generator = await Generator.create(model, answers, 64);
      const ids = answers.map((): number[] => []);
      for await (const { answer: row, id } of generator.run([5, 9, 14, 21, 30], {
        maxTokens: 12,
        temperature: 0,
        topP: 1,
        seed: 0,
        stopIds: [],
      }))
        if (id !== undefined) ids[row]!.push(id);
      generator.destroy();
      return ids;
    };
    const base = { adapter: undefined, strength: 1 };
    const [alone, tuned, off] = [
      await answer([base]),
      await answer([{ adapter, strength: 1 }]),
      await answer([{ adapter, strength: 0 }]),
    ];
    expect(await answer([base, { adapter, strength: 1 }, { adapter, strength: 0 }])).toEqual([
      ...alone,
      ...tuned,
      ...off,
    ]);
    expect(off).toEqual(alone);
    expect(tuned).not.toEqual(alone);
    adapter.destroy();
  });

  it('can be left after any token, although the next is being made, and goes on without an answer that has ended', async () => {
    const model = await opened;
    const base = { adapter: undefined, strength: 1 };
    const generator = await Generator.create(model, [base, base], 64);
    const options = { maxTokens: 9, temperature: 0, topP: 1, seed: 0, stopIds: [] };
    const prompts = [
      [5, 9, 14, 21, 30],
      [7, 3],
    ];
    const answer = async (more: Partial<GenerateOptions> = {}, leaveAfter = Number.POSITIVE_INFINITY) => {
      const ids: number[][] = [[], []];
      const reasons: string[][] = [[], []];
      for await (const { answer: row, id, reason } of generator.run(prompts, { ...options, ...more })) {
        if (id !== undefined) ids[row]!.push(id);
        if (reason !== undefined) reasons[row]!.push(reason);
        if (ids.flat().length === leaveAfter) break;
      }
      return { ids, reasons };
    };
    const whole = await answer();
    expect(whole.reasons).toEqual([['length'], ['length']]);
    for (const tokens of [1, 2, 7]) expect((await answer({}, tokens)).ids.flat()).toHaveLength(tokens);
    const [first, second] = whole.ids as [number[], number[]];
    expect(await answer({ isOver: (row) => row === 0 })).toEqual({
      ids: [first.slice(0, 1), second],
      reasons: [['stop-text'], ['length']],
    });
    const stop = second.find((id) => !first.includes(id))!;
    expect(await answer({ stopIds: [stop] })).toEqual({
      ids: [first, second.slice(0, second.indexOf(stop))],
      reasons: [['length'], ['end-of-turn']],
    });
    generator.destroy();
  });
});

describe('Scorer', () => {
  it('gives each row of a packed batch the loss it has alone', async () => {
    const model = await opened;
    const data = patternRows(3);
    const scorer = await Scorer.create(model, undefined, 64, 32);
    const together = (await scorer.score(makeBatch(data, [0, 1, 2], 64))).losses;
    const alone: number[] = [];
    for (const i of [0, 1, 2]) alone.push(...(await scorer.score(makeBatch(data, [i], 64))).losses);
    scorer.destroy();
    expect(together.length).toBe(alone.length);
    for (const [i, loss] of alone.entries()) expect(Math.abs(together[i]! - loss)).toBeLessThan(1e-5);
  });
});
