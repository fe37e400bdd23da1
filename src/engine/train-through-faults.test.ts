// A short run whose GPU fails at one call or another ends with the adapter of a run that nothing befell, to the bit. (At many
// more calls: train-through-faults.long.test.ts.)

import { afterAll, describe, expect, it } from 'vitest';
import type { FaultyGpu } from '../gpu/testing/faulty-gpu.ts';
import type { TrainSettings } from '../train/recipe.ts';
import { closeDevice, faulty, open, SETTINGS, strikeAt, train, trainAnew, trainThree } from './testing/enduring-run.ts';
import { type RunFault, withLessMemory } from './train-through-faults.ts';

afterAll(closeDevice);

/** The label of a step's first call. */
const STEP_BEGINS = 'clear gradients';

/** The first call of the last step. */
function lastStep(calls: FaultyGpu['calls']): number {
  return calls.findLastIndex(({ label }) => label === STEP_BEGINS);
}

/** The first, a middle or the last call of each kind, by turns. */
function oneOfEachKind(calls: FaultyGpu['calls']): number[] {
  return [...new Set(calls.map(({ name }) => name))].map((kind, i) => {
    const at = [...calls.keys()].filter((call) => calls[call]!.name === kind);
    return [at[0]!, at[at.length >> 1]!, at.at(-1)!][i % 3]!;
  });
}

describe('trainThroughFaults()', () => {
  it('ends with the same bits whatever call fails, once', async () => {
    const expected = await trainAnew();
    const places = oneOfEachKind(expected.calls);
    const noticed = await strikeAt(places, expected);
    expect(noticed).toBeGreaterThan(places.length / 2);
  });

  it('goes on when a readback never comes', async () => {
    const expected = await trainAnew();
    const at = expected.calls.findIndex(({ name }, i) => name === 'buffer.mapAsync' && i > lastStep(expected.calls));
    const { bits, faults } = await trainAnew({ at, fault: 'hang' });
    expect(faults[0]!.message).toContain('did not answer within 5 s');
    expect(bits).toEqual(expected.bits);
  });

  it('takes a learning rate that was chosen on the way at the same step again', async () => {
    const rates = () => {
      const told = [3e-3, undefined, 7e-3];
      return { onEvent() {}, nextRate: () => told.shift() };
    };
    const calm = await trainAnew(undefined, { hooks: rates(), keepEvery: 1e9 });
    const struck = await trainAnew({ at: lastStep(calm.calls), fault: 'lost' }, { hooks: rates(), keepEvery: 1e9 });
    expect(struck.faults).toHaveLength(1);
    expect(struck.faults[0]!.checkpoint).toBeUndefined();
    expect(struck.bits).toEqual(calm.bits);
    const untold = await trainAnew();
    expect(untold.bits).not.toEqual(calm.bits);
  });

  it('takes less memory when there is none, and the same mathematics', async () => {
    const bytes: number[] = [];
    const hooks = { onEvent() {}, onAllocated: (all: number) => bytes.push(all) };
    const expected = await trainAnew(undefined, { hooks });
    const at = expected.calls.findIndex(({ label }) => label === 'arena 0');
    const { bits, faults } = await trainAnew({ at, fault: 'out-of-memory' }, { hooks });
    expect(faults[0]).toMatchObject({ settings: { checkpointing: 'block' } });
    expect(faults[0]!.message).toContain('not enough memory');
    expect(bytes[1], 'it goes on with the smaller plan').toBeLessThan(bytes[0]!);
    expect(bits).toEqual(expected.bits);
  });

  it('goes on from its last kept state with a smaller plan as well', async () => {
    // Blocks are recomputed already, so that less memory is fewer rows at a time.
    const settings = { ...SETTINGS, dropout: 0, checkpointing: 'block' } as const;
    const calm = await trainAnew(undefined, { settings });
    const faults: RunFault[] = [];
    const onFault = (fault: RunFault) => {
      faults.push(fault);
      if (faults.length === 1) faulty.arm({ at: 0, label: 'arena 0', fault: 'out-of-memory' });
    };
    const struck = await trainAnew({ at: lastStep(calm.calls), fault: 'lost' }, { settings, onFault });
    expect(faults).toHaveLength(2);
    expect(faults[1]).toMatchObject({ settings: { batchSize: 1, gradAccum: 2 } });
    expect(faults[1]!.checkpoint!.steps.length).toBeGreaterThan(0);
    expect(struck.outcome.steps).toBe(calm.outcome.steps);
    // Sums in another order, no more.
    for (const [i, loss] of calm.outcome.curve.losses.entries())
      expect(struck.outcome.curve.losses[i]).toBeCloseTo(loss, 3);
  });

  it('gives up on a GPU that always fails, and on a plan that cannot be smaller', async () => {
    await open();
    const always = async () => {
      const model = await open();
      faulty.arm({ at: 3, fault: 'lost' });
      return model;
    };
    await expect(train({ open: always })).rejects.toThrow(
      'was lost (destroyed: device was destroyed), 3 times at the same place',
    );
    const noMemory = async () => {
      const model = await open();
      faulty.arm({ at: 0, fault: 'out-of-memory' });
      return model;
    };
    await open();
    await expect(train({ open: noMemory })).rejects.toThrow('already needs as little memory as it can');
  });

  it('leaves errors that are not of the GPU alone', async () => {
    const faults: RunFault[] = [];
    const settings = { ...SETTINGS, rank: 0 };
    await expect(train({ settings, onFault: (fault) => faults.push(fault) })).rejects.toThrow('rank 0');
    expect(faults).toEqual([]);
  });
});

describe('trainTogetherThroughFaults()', () => {
  const three = async (armed?: Parameters<FaultyGpu['arm']>[0]) => {
    closeDevice();
    faulty.arm(armed);
    const ended = await trainThree(2);
    return { ...ended, calls: [...faulty.calls] };
  };

  it('ends with the bits of runs that nothing befell, and with those of single runs', async () => {
    const calm = await three();
    expect(calm.faults).toEqual([]);
    const alone = await train({ settings: SETTINGS });
    expect(calm.ends[0]).toMatchObject({ status: 'fulfilled', value: { bits: alone.bits } });
    const steps = calm.calls.filter(({ label }) => label === STEP_BEGINS).length;
    const lost = await three({ at: steps - 1, label: STEP_BEGINS, fault: 'lost' });
    expect(faulty.hasStruck).toBe(true);
    expect(lost.faults.length).toBeGreaterThan(0);
    expect(lost.ends).toEqual(calm.ends);
    const smaller = await three({ at: 0, label: 'common arena 0', fault: 'out-of-memory' });
    expect(smaller.faults).toHaveLength(3);
    for (const fault of smaller.faults) expect(fault).toMatch(/^\d block .*not enough memory/);
    expect(smaller.ends).toEqual(calm.ends);
  });
});

describe('withLessMemory()', () => {
  it('recomputes first, then halves what goes at once, down to one row', () => {
    const sizes: unknown[] = [];
    for (let s: TrainSettings | undefined = { ...SETTINGS, batchSize: 12, gradAccum: 2 }; s; s = withLessMemory(s))
      sizes.push([s.checkpointing ?? 'none', s.batchSize, s.gradAccum]);
    expect(sizes).toEqual([
      ['none', 12, 2],
      ['block', 12, 2],
      ['block', 6, 4],
      ['block', 3, 8],
      ['block', 1, 24],
    ]);
  });
});
