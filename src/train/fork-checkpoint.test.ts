import { describe, expect, it } from 'vitest';
import type { Checkpoint } from './checkpoint.ts';
import { forkCheckpoint } from './fork-checkpoint.ts';
import { DEFAULT_SETTINGS, type TrainSettings } from './recipe.ts';

const { epochs: _, ...DEFAULTS } = DEFAULT_SETTINGS;
const SETTINGS: TrainSettings = { ...DEFAULTS, steps: 10, learningRate: 2e-3 };
const IDENTITY = { base: 'b', data: 'd', layout: 'l', device: 'x', deviceName: 'x' };
const STEP = { loss: 3, lr: 1e-3, gradNorm: 1, tokens: 8, supervised: 6, ms: 1 };
/** Four steps of ten; behind the second a person has chosen another rate. */
const CHECKPOINT: Checkpoint = {
  totalSteps: 10,
  savedAt: '2026-01-01T00:00:00.000Z',
  settings: SETTINGS,
  identity: IDENTITY,
  steps: [STEP, STEP, STEP, STEP],
  evals: [],
  rates: [{ step: 2, learningRate: 5e-4 }],
  state: { params: new Float32Array(4), m: new Float32Array(4), v: new Float32Array(4) },
};
const fork = (change: Partial<TrainSettings> = {}, totalSteps = 10) =>
  forkCheckpoint(CHECKPOINT, { settings: { ...SETTINGS, ...change }, identity: IDENTITY, totalSteps });

describe('forkCheckpoint()', () => {
  it('goes on as the run did where nothing is asked for', () => {
    const { checkpoint, changed } = fork();
    expect(changed).toEqual([]);
    expect(checkpoint.rates).toEqual(CHECKPOINT.rates);
  });

  it('takes a rate that is asked for now, and not the one that was chosen on the way', () => {
    const { checkpoint, changed } = fork({ learningRate: 1e-3 });
    expect(changed).toEqual(['learningRate']);
    expect(checkpoint.rates).toEqual([...CHECKPOINT.rates, { step: 4, learningRate: 1e-3 }]);
  });

  it('takes another length, and refuses what its numbers would not mean', () => {
    expect(fork({ steps: 20 }, 20)).toMatchObject({ changed: ['steps'], checkpoint: { totalSteps: 20 } });
    expect(() => fork({ steps: 4 }, 4)).toThrow('found 4 steps in all, need more than the 4 that are made');
    expect(() => fork({ rank: 4 })).toThrow('Cannot go on from step 4: found rank 4');
  });
});
