import { describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  type CheckpointStore,
  decodeCheckpoint,
  encodeCheckpoint,
  hashLayout,
  latestCheckpoint,
  whyNotResume,
} from './checkpoint.ts';
import { DEFAULT_SETTINGS } from './recipe.ts';

const SMALL: Checkpoint = {
  totalSteps: 9,
  savedAt: '2026-11-24T12:00:00.000Z',
  settings: { ...DEFAULT_SETTINGS, learningRate: 0.1 + 0.2, targets: ['q_proj', 'v_proj'] },
  identity: { base: 'b', data: 'd', layout: 'l', device: 'llvmpipe|26', deviceName: 'llvmpipe' },
  steps: [
    { loss: Math.PI, lr: 1e-3, gradNorm: 0.25, tokens: 12, supervised: 7, ms: 3.5 },
    { loss: 2.5, lr: 9e-4, gradNorm: 1 / 3, tokens: 11, supervised: 6, ms: 4 },
  ],
  evals: [
    { step: 0, loss: 3.25 },
    { step: 2, loss: Number.NaN },
  ],
  rates: [{ step: 1, learningRate: 5e-4 }],
  state: {
    params: Float32Array.of(1, -0, 1e-40, 3.4e38),
    m: Float32Array.of(0.1, 0, -1e-30, 2),
    v: Float32Array.of(0, 1e-45, 7, 0.5),
  },
};

/** The bytes of a store that a crash may have left in any state. */
function storeOf(...records: readonly Uint8Array[]): CheckpointStore {
  return {
    save: async () => {},
    clear: async () => {},
    async *records() {
      yield* records;
    },
  };
}

describe('a checkpoint', () => {
  it('comes back to the bit', async () => {
    const back = await decodeCheckpoint(await encodeCheckpoint(SMALL));
    expect(back).toEqual(SMALL);
    for (const field of ['params', 'm', 'v'] as const)
      expect(new Uint32Array(back.state[field].slice().buffer)).toEqual(
        new Uint32Array(SMALL.state[field].slice().buffer),
      );
  });

  it('cut at any byte is none, and the one before it is taken', async () => {
    const before = await encodeCheckpoint({ ...SMALL, steps: SMALL.steps.slice(0, 1) });
    const record = await encodeCheckpoint(SMALL);
    for (let length = 0; length < record.length; length++) {
      const { checkpoint, refused } = await latestCheckpoint(storeOf(record.subarray(0, length), before));
      expect([checkpoint?.steps.length, refused.length], `cut after ${length} of ${record.length} bytes`).toEqual([
        1, 1,
      ]);
    }
    expect((await latestCheckpoint(storeOf(record, before))).checkpoint?.steps.length).toBe(2);
  });

  it('with a flipped bit anywhere is refused', async () => {
    const record = await encodeCheckpoint(SMALL);
    for (let at = 0; at < record.length; at++) {
      const bad = record.slice();
      bad[at]! ^= 1 << (at % 8);
      await expect(decodeCheckpoint(bad), `byte ${at}`).rejects.toThrow(/^Cannot read checkpoint: /);
    }
  });

  it('that somebody made up is refused by what is wrong in it', async () => {
    const forged = (change: object) => encodeCheckpoint({ ...SMALL, ...change } as Checkpoint).then(decodeCheckpoint);
    await expect(forged({ totalSteps: 1 })).rejects.toThrow('found step 2 of 1, need a whole number of steps');
    await expect(forged({ identity: { ...SMALL.identity, base: 7 } })).rejects.toThrow('found no base, need one');
    await expect(forged({ settings: { ...SMALL.settings, rank: -1 } })).rejects.toThrow('rank -1');
    await expect(forged({ settings: { ...SMALL.settings, targets: [1] } })).rejects.toThrow('settings that are none');
    await expect(forged({ evals: [{ step: 'x', loss: 1 }] })).rejects.toThrow('need step and loss');
  });

  it('is never made of numbers that are not finite', async () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      await expect(
        encodeCheckpoint({ ...SMALL, state: { ...SMALL.state, v: Float32Array.of(0, 1, bad, 2) } }),
      ).rejects.toThrow('found a value in "v" that is not finite');
  });
});

describe('whyNotResume()', () => {
  const { settings, identity } = SMALL;
  it('lets the same run go on, also on another device and with other validation steps', () => {
    expect(whyNotResume(SMALL, { settings, identity })).toBeUndefined();
    expect(
      whyNotResume(SMALL, { settings: { ...settings, evalEvery: 3 }, identity: { ...identity, device: 'x' } }),
    ).toBeUndefined();
  });
  it('names what differs', () => {
    const because = (change: object) => whyNotResume(SMALL, { settings, identity, ...change });
    expect(because({ settings: { ...settings, rank: 4 } })).toBe(
      'Cannot go on with the interrupted run: found rank 4, need 8',
    );
    expect(because({ settings: { ...settings, targets: 'all-linear' } })).toMatch(
      /found targets "all-linear", need \[/,
    );
    const { epochs: _, ...rest } = settings;
    expect(because({ settings: { ...rest, steps: 9 } })).toMatch(/found (epochs not set, need 3|steps 9)/);
    expect(because({ identity: { ...identity, base: 'other' } })).toMatch(/another base model/);
    expect(because({ identity: { ...identity, data: 'other' } })).toMatch(/other data/);
    expect(because({ identity: { ...identity, layout: 'other' } })).toMatch(/other linears/);
  });
});

describe('hashLayout()', () => {
  it('follows path, rank, scaling and sizes', async () => {
    const module = { r: 4, scaling: 2, inFeatures: 8, outFeatures: 8 };
    const of = (path: string, change = {}) => hashLayout({ modules: new Map([[path, { ...module, ...change }]]) });
    const all = await Promise.all([
      of('a'),
      of('b'),
      of('a', { r: 2 }),
      of('a', { scaling: 1 }),
      of('a', { magnitude: true }),
    ]);
    expect(new Set(all).size).toBe(5);
    expect(await of('a')).toBe(all[0]);
  });
});
