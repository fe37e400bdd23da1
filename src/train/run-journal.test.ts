// A run that is stopped and goes on from its checkpoint makes the same bits as one that never stopped.

import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import { openModel, Q8 } from '../model/testing/open-model.ts';
import { type Checkpoint, type CheckpointStore, decodeCheckpoint, latestCheckpoint } from './checkpoint.ts';
import { DEFAULT_SETTINGS, type TrainSettings } from './recipe.ts';
import { type CheckpointOptions, MOST_SHARE } from './run-journal.ts';
import { runTraining } from './run-training.ts';
import { freshFlatLora, patternRows } from './testing/short-run.ts';
import { pastEvents, type TrainEvent } from './train-events.ts';

const MODEL = path.resolve(import.meta.dirname, 'testing/fixtures/llama/model');
const opened = openModel(MODEL, Q8);

/** 12 of 16 rows are trained on, in steps of 2 × 2: three steps an epoch, twelve in all. */
const SETTINGS: TrainSettings = {
  ...DEFAULT_SETTINGS,
  rank: 4,
  dropout: 0.1,
  learningRate: 1e-2,
  schedule: 'cosine',
  warmupSteps: 2,
  weightDecay: 0.01,
  epochs: 4,
  batchSize: 2,
  gradAccum: 2,
  validationSplit: 0.25,
  evalEvery: 4,
  seed: 7,
};
const IDENTITY = { base: 'b', data: 'd', layout: 'l', device: 'x', deviceName: 'x' };

const ROWS = patternRows(16);

/** Every record ever saved. */
function memoryStore() {
  const saved: Uint8Array[] = [];
  const store: CheckpointStore = {
    save: async (record) => void saved.push(record),
    clear: async () => {},
    async *records() {
      yield* [...saved].reverse();
    },
  };
  return { saved, store };
}

async function train(
  checkpoints?: Partial<CheckpointOptions>,
  {
    settings = SETTINGS,
    stopAfter = 0,
    rateAt = 0,
    rate = 3e-3,
    onStep = (_: number, __: FlatAdapter, ___: number) => {},
    inStep = () => {},
  } = {},
) {
  const model = await opened;
  const flat = await freshFlatLora(model, settings);
  const events: TrainEvent[] = [];
  const stop = new AbortController();
  const onEvent = (event: TrainEvent) => {
    events.push(event);
    if (event.type !== 'step') return;
    onStep(event.step, flat, event.loss);
    if (event.step === stopAfter) stop.abort();
  };
  const options = checkpoints && {
    ...{ store: memoryStore().store, identity: IDENTITY, everySteps: 1e9, everySeconds: 1e9 },
    ...{ mostShare: Number.POSITIVE_INFINITY, ...checkpoints },
  };
  let step = checkpoints?.resumeFrom?.steps.length ?? 0;
  const nextRate = () => {
    inStep();
    return rateAt > 0 && step++ === rateAt ? rate : undefined;
  };
  const hooks = { onEvent, nextRate, signal: stop.signal };
  try {
    const outcome = await runTraining(model, flat, { rows: ROWS, settings, hooks, checkpoints: options });
    return { events: events.map(withoutTime), outcome, factors: await flat.read() };
  } finally {
    flat.destroy();
  }
}

const withoutTime = (event: TrainEvent) => (event.type === 'step' ? { ...event, ms: 0 } : event);

describe('a run that goes on from a checkpoint', () => {
  it('is equal to the uninterrupted one in every bit, wherever it stopped', async () => {
    const whole = await train();
    expect(whole.outcome.steps).toBe(12);
    // Within an epoch, at its border, at a validation, just before the end.
    for (const stopAfter of [1, 3, 4, 7, 11]) {
      const { store } = memoryStore();
      const cut = await train({ store, keepWhenStopped: true }, { stopAfter });
      expect(cut.outcome).toMatchObject({ steps: stopAfter, stopped: true });
      const { checkpoint } = await latestCheckpoint(store);
      const rest = await train({ resumeFrom: checkpoint });
      const at = `stopped after step ${stopAfter}`;
      const past = pastEvents(checkpoint!, ROWS).map(withoutTime);
      expect([...past, ...rest.events], at).toEqual(whole.events);
      expect(rest.factors, at).toEqual(whole.factors);
      expect(rest.outcome, at).toEqual(whole.outcome);
    }
  });

  it('keeps to a learning rate that was changed on the way, also when it was just changed', async () => {
    const plain = await train();
    const whole = await train(undefined, { rateAt: 5 });
    expect(whole.outcome.rateChanges).toEqual([{ step: 5, learningRate: 3e-3 }]);
    expect(whole.events).toContainEqual({ type: 'rate', step: 5, learningRate: 3e-3 });
    expect(whole.factors).not.toEqual(plain.factors);
    const rates = (events: TrainEvent[]) => events.flatMap((event) => (event.type === 'step' ? [event.lr] : []));
    const [before, after] = [rates(plain.events), rates(whole.events)];
    expect(after.slice(0, 5)).toEqual(before.slice(0, 5));
    for (const [i, lr] of after.slice(5).entries()) expect(lr).toBeCloseTo(before[5 + i]! * 0.3, 12);
    for (const stopAfter of [4, 5, 6, 9]) {
      const { store } = memoryStore();
      await train({ store, keepWhenStopped: true }, { stopAfter, rateAt: 5 });
      const { checkpoint } = await latestCheckpoint(store);
      const rest = await train({ resumeFrom: checkpoint }, { rateAt: stopAfter > 5 ? 0 : 5 });
      const past = pastEvents(checkpoint!, ROWS).map(withoutTime);
      expect([...past, ...rest.events], `stopped after step ${stopAfter}`).toEqual(whole.events);
      expect(rest.factors, `stopped after step ${stopAfter}`).toEqual(whole.factors);
      if (stopAfter < 6) continue;
      const forgot = await train({ resumeFrom: { ...checkpoint!, rates: [] } });
      expect(forgot.factors, 'a change that is forgotten shows').not.toEqual(whole.factors);
    }
  });

  it('is not changed by being kept, however often', async () => {
    const { store, saved } = memoryStore();
    const [plain, kept] = [await train(), await train({ store, everySteps: 1 })];
    expect(kept.events).toEqual(plain.events);
    expect(kept.factors).toEqual(plain.factors);
    const steps = await Promise.all(saved.map(async (record) => (await decodeCheckpoint(record)).steps.length));
    expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('differs when one moment is lost, when the step is off by one, and when one weight is', async () => {
    const whole = await train();
    const { store } = memoryStore();
    await train({ store, keepWhenStopped: true }, { stopAfter: 5 });
    const { checkpoint } = await latestCheckpoint(store);
    const { state } = checkpoint!;
    const zero = (values: Float32Array) => new Float32Array(values.length);
    const disturbed: Checkpoint[] = [
      { ...checkpoint!, state: { ...state, m: zero(state.m) } },
      { ...checkpoint!, state: { ...state, v: zero(state.v) } },
      { ...checkpoint!, state: { ...state, params: state.params.with(3, state.params[3]! + 1e-3) } },
      { ...checkpoint!, steps: checkpoint!.steps.slice(1) },
    ];
    for (const resumeFrom of disturbed) expect((await train({ resumeFrom })).factors).not.toEqual(whole.factors);
    expect((await train({ resumeFrom: checkpoint })).factors).toEqual(whole.factors);
  });

  it('spends at most a fiftieth of its time on being kept, whatever a save costs', async () => {
    const { store, saved } = memoryStore();
    const took: number[] = [];
    const slow = async (record: Uint8Array) => {
      const began = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 40));
      await store.save(record);
      took.push(performance.now() - began);
    };
    const began = performance.now();
    const often = { store: { ...store, save: slow }, everySteps: 1, mostShare: MOST_SHARE };
    await train(often, { settings: { ...SETTINGS, epochs: 40, evalEvery: 0 } });
    expect(saved.length).toBeGreaterThan(0);
    // What the last one costs is waited for after it.
    const keptMs = took.slice(0, -1).reduce((sum, ms) => sum + ms, 0);
    expect(keptMs).toBeLessThanOrEqual((performance.now() - began) / 50);
  });

  it('takes no harm from a machine that sleeps: in a step, between two, while a checkpoint is written', async () => {
    const whole = await train();
    const { store, saved } = memoryStore();
    // A clock of the test's own: a step takes 100 ms and a save 10 ms, however busy this machine is.
    let now = 0;
    let slept = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now + slept);
    try {
      const sleep = () => {
        slept += 3 * 3_600_000;
      };
      let inside = 0;
      const save = async (record: Uint8Array) => {
        now += 10;
        if (saved.length === 2) sleep();
        await store.save(record);
      };
      const result = await train(
        // Each save may cost as much as the steps between: one that seems to have cost hours would be the last.
        {
          ...{ everySteps: 1, mostShare: 1, keepWhenStopped: true },
          store: { ...store, save },
        },
        {
          onStep: (step) => step === 9 && sleep(),
          inStep: () => {
            now += 100;
            if (++inside === 6) sleep();
          },
        },
      );
      expect(slept, 'three times three hours').toBe(9 * 3_600_000);
      expect(result.events).toEqual(whole.events);
      expect(result.factors).toEqual(whole.factors);
      const { steps } = await decodeCheckpoint(saved.at(-1)!);
      expect(steps.length, 'kept to the end').toBeGreaterThanOrEqual(10);
      expect(Math.max(...steps.map(({ ms }) => ms)), 'no step has the hours in it').toBeLessThan(3_600_000);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('goes on when the store refuses, and says so', async () => {
    const problems: (string | undefined)[] = [];
    const store = { ...memoryStore().store, save: () => Promise.reject(new Error('the disk is full')) };
    const onSaved = (_: number, problem: string | undefined) => problems.push(problem);
    const { outcome } = await train({ store, everySteps: 5, onSaved });
    expect(outcome.steps).toBe(12);
    expect(problems).toContain('the disk is full');
  });
});

describe('numbers that go bad', () => {
  /** Spoils the adapter on the device after a step, as a broken driver would. */
  const spoil = (at: number, value: number) => (step: number, flat: FlatAdapter) => {
    if (step === at) flat.device.gpu.queue.writeBuffer(flat.params, 0, new Float32Array(4096).fill(value));
  };

  it('end the run with the last good adapter, and say so', async () => {
    const { store } = memoryStore();
    await train({ store, keepWhenStopped: true }, { stopAfter: 4 });
    const good = (await latestCheckpoint(store)).checkpoint!;
    for (const [value, says] of [
      [Number.NaN, /^Cannot go on at step 8: found a (loss|gradient)/],
      [3e4, /^Cannot go on at step 8: (the run has diverged, found a loss|found a (loss|gradient))/],
    ] as const) {
      const { outcome, factors } = await train({ everySteps: 4 }, { onStep: spoil(7, value) });
      expect(outcome).toMatchObject({ steps: 4, stopped: true, finalLoss: good.steps[3]!.loss });
      expect(outcome.trouble).toMatch(says);
      expect(outcome.trouble).toMatch(/; the adapter is as it was after step 4$/);
      const first = factors.values().next().value!;
      expect(first).toEqual(good.state.params.slice(0, first.length));
    }
  });

  it('go on from the last good state with half the rate, once, when asked to', async () => {
    const settings = { ...SETTINGS, badNumbers: 'halve', evalEvery: 2 } as const;
    let spoils = 1;
    const spoilOnce = (step: number, flat: FlatAdapter) => {
      if (step === 7 && spoils-- > 0) spoil(7, Number.NaN)(step, flat);
    };
    const { store } = memoryStore();
    const { outcome, factors } = await train(
      { store, everySteps: 4, keepWhenStopped: true },
      { settings, onStep: spoilOnce },
    );
    expect(outcome).toMatchObject({ steps: 12, stopped: false, trouble: undefined });
    expect(outcome.rateChanges).toEqual([{ step: 4, learningRate: SETTINGS.learningRate / 2, isHalving: true }]);
    const validated = outcome.curve.evals.map(({ step }) => step);
    expect(validated, 'what came after the good state is struck out').toEqual([0, 2, 4, 6, 8, 10, 12]);
    // The same as a run of which a person halved the rate after step 4.
    const asked = { rateAt: 4, rate: SETTINGS.learningRate / 2 };
    expect((await train({ everySteps: 4 }, asked)).factors).toEqual(factors);
    // A second time ends it, also when it was interrupted in between.
    const again = await train(
      { everySteps: 4 },
      { settings, onStep: (step, flat) => spoil(7, Number.NaN)(step, flat) },
    );
    expect(again.outcome).toMatchObject({ steps: 4, stopped: true });
    expect(again.outcome.trouble).toMatch(/^Cannot go on at step 8/);
  });

  it('are a finite loss as well, beyond four times a blind guess or the first step', async () => {
    // LoRA on the head, whose logits nothing bounds, at a rate that makes it guess wrongly with conviction.
    const wild = { ...SETTINGS, targets: ['lm_head'], alpha: 64, learningRate: 1, warmupSteps: 0, clip: 0, dropout: 0 };
    const losses: number[] = [];
    const ended = train(
      { everySteps: 1 },
      { settings: { ...wild, schedule: 'constant' }, onStep: (_, __, loss) => losses.push(loss) },
    );
    const message = await ended.then(
      ({ outcome }) => outcome.trouble ?? 'it went on',
      (error: Error) => error.message,
    );
    const [, found, most] = /the run has diverged, found a loss of ([\d.]+), need at most ([\d.]+)/.exec(message) ?? [];
    const model = await opened;
    expect(Number(most), message).toBeCloseTo(4 * Math.max(Math.log(model.config.vocab), losses[0]!), 1);
    expect(Number(found)).toBeGreaterThan(Number(most));
    expect(Math.max(...losses), 'what is below goes on').toBeGreaterThan(1.5 * losses[0]!);
  });

  it('do not count as good until a step has been made with them', async () => {
    // Spoilt after step 8, before it is kept: the state of step 4 is the last that was tried.
    const { outcome } = await train({ everySteps: 4 }, { onStep: spoil(8, 3e4) });
    expect(outcome.steps).toBe(4);
  });

  it('are never what a run ends with', async () => {
    const { outcome } = await train({ everySteps: 4 }, { onStep: spoil(12, Number.POSITIVE_INFINITY) });
    expect(outcome.steps).toBe(8);
    expect(outcome.trouble).toMatch(/^Cannot go on after step 12: found an adapter that is not finite/);
  });
});
