// The list of runs: what is kept of each, sample prompts on the way, and runs that start from an earlier one.

import { describe, expect, it } from 'vitest';
import type { EngineApi, RunEvent, StepEvent, TrainOptions } from './protocol.ts';
import { stepsToKeep } from './run-recorder.ts';
import { isSampleStep } from './sample-prompts.ts';
import { memoryEngine, openSquares, openTiny, SETTINGS } from './testing/memory-host.ts';

const SAMPLES = { prompts: ['row 2', 'row 5'], everySteps: 15, maxTokens: 4 };

async function opened() {
  const memory = memoryEngine();
  await openTiny(memory.engine);
  await openSquares(memory.engine);
  return memory;
}

async function train(engine: EngineApi, runId: string, options?: TrainOptions, settings = SETTINGS) {
  const events: RunEvent[] = [];
  const result = await engine.run.train(runId, `Run ${runId}`, settings, (event) => events.push(event), options);
  return { result, events };
}

const weightsOf = ({ adapters }: ReturnType<typeof memoryEngine>, id: string) =>
  adapters.get(id)!.files.get('adapter_model.safetensors');

describe('a run', () => {
  it('is kept with its settings, curves, answers and states', async () => {
    const { engine } = await opened();
    const { result, events } = await train(engine, 'a', { samples: SAMPLES });
    const [record] = await engine.runs.listRuns();
    expect(record).toMatchObject({
      id: 'a',
      name: 'Run a',
      state: 'done',
      settings: SETTINGS,
      steps: 40,
      totalSteps: 40,
      adapterId: result.adapterId,
      data: { name: 'squares.jsonl', rows: 10 },
      samples: SAMPLES,
      keptSteps: [5, 10, 15, 20, 25, 30, 35],
      notes: '',
    });
    expect(record!.memoryBytes).toBeGreaterThan(0);
    const curves = (await engine.runs.runCurves('a'))!;
    const told = events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
    expect([...curves.loss]).toEqual(told);
    expect(curves.evals.at(-1)).toEqual({ step: 40, loss: record!.validationAfter });
    expect(curves.samples.map(({ step, whose }) => [step, whose])).toEqual([
      [0, 'base'],
      [15, 'adapter'],
      [30, 'adapter'],
      [40, 'adapter'],
    ]);
    for (const { texts } of curves.samples) expect(texts).toHaveLength(2);

    await engine.runs.noteRun('a', 'a first try');
    await engine.runs.deleteRun('a');
    expect(await engine.runs.listRuns()).toEqual([]);
    await engine.runs.restoreRun('a');
    expect((await engine.runs.listRuns())[0]!.notes).toBe('a first try');
    await engine.runs.deleteRun('a');
    await engine.runs.forgetDeleted();
    expect(await engine.runs.runCurves('a')).toBeUndefined();
  });

  it('makes the same bits with and without sample prompts and kept states', async () => {
    const plain = await opened();
    const asked = await opened();
    const one = await train(plain.engine, 'a');
    const two = await train(asked.engine, 'a', { samples: { ...SAMPLES, everySteps: 1 } });
    expect(two.events.filter(({ type }) => type === 'sample')).toHaveLength(41);
    expect(weightsOf(asked, two.result.adapterId)).toEqual(weightsOf(plain, one.result.adapterId));
    const other = await train(asked.engine, 'b', {}, { ...SETTINGS, seed: 1 });
    expect(weightsOf(asked, other.result.adapterId), 'another seed shows').not.toEqual(
      weightsOf(plain, one.result.adapterId),
    );
  });

  it('starts from a state of another one, or from an adapter of the library', async () => {
    const memory = await opened();
    const { engine } = memory;
    const first = await train(engine, 'a');
    const still = { ...SETTINGS, learningRate: 0, epochs: 1 };
    const state = await engine.runs.keepState('a', 20);
    expect(state.name).toBe('Run a, step 20');
    // A run that learns nothing ends with what it started from.
    const fork = await train(engine, 'b', { from: { kind: 'state', runId: 'a', step: 20 } }, { ...still, rank: 7 });
    expect(weightsOf(memory, fork.result.adapterId)).toEqual(weightsOf(memory, state.id));
    expect(weightsOf(memory, fork.result.adapterId)).not.toEqual(weightsOf(memory, first.result.adapterId));
    const again = await train(engine, 'c', { from: { kind: 'adapter', adapterId: first.result.adapterId } }, still);
    expect(weightsOf(memory, again.result.adapterId)).toEqual(weightsOf(memory, first.result.adapterId));
    const [third, second] = await engine.runs.listRuns();
    expect(second).toMatchObject({ from: { kind: 'state', step: 20, name: 'Run a' }, settings: { rank: 2 } });
    expect(third).toMatchObject({ from: { kind: 'adapter', name: 'Run a' } });
    await expect(train(engine, 'd', { from: { kind: 'state', runId: 'a', step: 3 } })).rejects.toThrow(
      'Cannot start from step 3 of that run: found no state',
    );
  });

  it('goes on where another one stood: the same bits with the same settings, its own from there with others', async () => {
    const memory = await opened();
    const { engine } = memory;
    const first = await train(engine, 'a', { samples: SAMPLES });
    const from = { kind: 'state', runId: 'a', step: 20, goesOn: true } as const;
    const losses = ({ events }: typeof first) =>
      events
        .flatMap((event): readonly { readonly type: string }[] => (event.type === 'past' ? event.events : [event]))
        .flatMap((event) => (event.type === 'step' ? [(event as StepEvent).loss] : []));
    expect(await engine.run.goingOn(from, SETTINGS)).toEqual({ totalSteps: 40, changed: [], isSameDevice: true });
    const same = await train(engine, 'b', { from, samples: SAMPLES });
    const samples = async (id: string) => (await engine.runs.runCurves(id))!.samples;
    expect(await samples('b'), 'with the answers until then').toEqual(await samples('a'));
    expect(losses(same)).toEqual(losses(first));
    expect(same.events.filter(({ type }) => type === 'step')).toHaveLength(20);
    expect(weightsOf(memory, same.result.adapterId)).toEqual(weightsOf(memory, first.result.adapterId));
    const alone = await train(engine, 'c', { from: { ...from, goesOn: false } }, { ...SETTINGS, epochs: 5 });
    expect(weightsOf(memory, alone.result.adapterId), 'its adapter alone makes others').not.toEqual(
      weightsOf(memory, first.result.adapterId),
    );

    const slower = { ...SETTINGS, learningRate: 1e-3, epochs: 12 };
    const changed = ['learningRate', 'epochs'];
    expect(await engine.run.goingOn(from, slower)).toEqual({ totalSteps: 48, changed, isSameDevice: true });
    const other = await train(engine, 'd', { from }, slower);
    expect(losses(other)).toHaveLength(48);
    expect(losses(other).slice(0, 21), 'until a step with another rate').toEqual(losses(first).slice(0, 21));
    expect(losses(other)[21]).not.toBe(losses(first)[21]);
    const onward = await train(engine, 'e', { from: { ...from, runId: 'd', step: 42 } }, slower);
    expect(weightsOf(memory, onward.result.adapterId), 'a fork of a fork').toEqual(
      weightsOf(memory, other.result.adapterId),
    );

    for (const [change, says] of [
      [{ rank: 4 }, 'rank 4, need 2'],
      [{ batchSize: 3 }, 'batchSize 3, need 2'],
      [{ seed: 1 }, 'seed 1, need 0'],
      [{ epochs: 5 }, 'found 20 steps in all, need more than the 20 that are made'],
    ] as const) {
      const problem = expect.stringContaining('Cannot go on from step 20: ');
      expect(await engine.run.goingOn(from, { ...SETTINGS, ...change })).toEqual({ problem });
      await expect(train(engine, 'f', { from }, { ...SETTINGS, ...change })).rejects.toThrow(says);
    }
  });

  it('trains several at once at one length of rows only', async () => {
    const { engine } = await opened();
    const asked = [16, 32].map((seqLen) => ({ settings: { ...SETTINGS, seqLen } }));
    await expect(engine.run.planTogether(asked)).rejects.toThrow('found rows of 16 and 32 tokens, need one length');
  });

  it('goes on with ranks that were found on its rows', async () => {
    const memory = await opened();
    const eva = { ...SETTINGS, epochs: 4, lora: { init_lora_weights: 'eva' } };
    const first = await train(memory.engine, 'a', {}, eva);
    const step = (await memory.engine.runs.listRuns())[0]!.keptSteps.at(-1)!;
    const from = { kind: 'state', runId: 'a', step, goesOn: true } as const;
    expect(await memory.engine.run.goingOn(from, eva)).toMatchObject({ changed: [] });
    const same = await train(memory.engine, 'b', { from }, eva);
    expect(weightsOf(memory, same.result.adapterId)).toEqual(weightsOf(memory, first.result.adapterId));
  });

  it('is in the list when it has failed, with the reason', async () => {
    const { engine } = await opened();
    await expect(train(engine, 'a', {}, { ...SETTINGS, learningRate: 9 })).rejects.toThrow();
    expect((await engine.runs.listRuns())[0]).toMatchObject({
      state: 'failed',
      trouble: expect.stringMatching(/^Cannot /),
    });
  });

  it('refuses sample prompts beyond their limits', async () => {
    const { engine } = await opened();
    const ask = (change: object) => train(engine, 'a', { samples: { ...SAMPLES, ...change } });
    await expect(ask({ prompts: [] })).rejects.toThrow('found 0 prompts, need 1 to 4');
    await expect(ask({ everySteps: 0 })).rejects.toThrow('every 0 steps');
    await expect(ask({ maxTokens: 5000 })).rejects.toThrow('answers of 5000 tokens');
  });
});

it('states are spread evenly, and fewer when they are large', () => {
  expect(stepsToKeep(40, 1000)).toEqual([5, 10, 15, 20, 25, 30, 35]);
  expect(stepsToKeep(3, 1000)).toEqual([1, 2]);
  expect(stepsToKeep(1, 1000)).toEqual([]);
  expect(stepsToKeep(900, 40 << 20)).toEqual([225, 450, 675]);
  expect(stepsToKeep(900, 1 << 30)).toEqual([450]);
});

it('samples are asked every so many steps and at the end', () => {
  expect([0, 1, 10, 15, 20, 25].filter((step) => isSampleStep(step, 10, 25))).toEqual([10, 20, 25]);
});
