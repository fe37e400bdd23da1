import { expect, it } from 'vitest';
import { DEFAULT_SETTINGS, levelOf, type TrainSettings } from '../../train/recipe.ts';
import { fitLine } from './measure-step.ts';
import { proposeSettings } from './propose-settings.ts';
import { settleCheckpointing } from './settle-checkpointing.ts';

const data = { rows: 200, lengths: Array.from({ length: 200 }, (_, i) => 20 + (i % 100)), supervisedTokens: 9000 };
const sorted = { ...data, lengths: [...data.lengths].sort((a, b) => a - b) };
const FACTOR = { none: 4, 'block-keep-attention': 2, block: 1 };
const planBytes = (settings: TrainSettings) => 100 + settings.batchSize * settings.seqLen * FACTOR[levelOf(settings)];
const propose = (budgetBytes: number, facts = sorted) =>
  proposeSettings(DEFAULT_SETTINGS, facts, { budgetBytes, weightBytes: 100, contextTokens: 512 }, planBytes);

it('takes the fastest plan that fits, and never more than the budget', () => {
  const roomy = propose(1e6);
  expect(roomy.settings).toMatchObject({
    rank: 8,
    alpha: 16,
    seqLen: 128,
    batchSize: 4,
    gradAccum: 1,
    checkpointing: 'none',
  });
  for (const budget of [2149, 2148, 1200, 700, 300, 229]) {
    const { settings, totalBytes, isFitting } = propose(budget);
    expect(isFitting && totalBytes <= budget, `${budget}: ${totalBytes}`).toBe(true);
    expect(settings.batchSize * settings.gradAccum, 'the mathematics stays the same').toBe(4);
  }
  expect(propose(1200).settings).toMatchObject({ batchSize: 4, checkpointing: 'block-keep-attention' });
});

it('leaves the level to the memory where the settings do, and says which that is', () => {
  const left = { ...DEFAULT_SETTINGS, checkpointing: 'auto' } as const;
  const room = { budgetBytes: 1200, weightBytes: 100, contextTokens: 512 };
  const { settings, reasons } = proposeSettings(left, sorted, room, planBytes);
  expect([settings.checkpointing, settings.batchSize]).toEqual(['auto', 4]);
  expect(reasons).toContainEqual(expect.objectContaining({ setting: 'checkpointing', level: 'block-keep-attention' }));
  expect(settleCheckpointing(settings, 1200, planBytes).settings.checkpointing).toBe('block-keep-attention');
});

it('settles what is left to the memory: the most that fits, the least when nothing does', () => {
  const run = { ...DEFAULT_SETTINGS, batchSize: 1, seqLen: 100, checkpointing: 'auto' } as const;
  const settle = (budget: number) => settleCheckpointing(run, budget, planBytes);
  expect([500, 499, 299, 1].map((budget) => settle(budget).settings.checkpointing)).toEqual([
    'none',
    'block-keep-attention',
    'block',
    'block',
  ]);
  expect(settle(499).totalBytes).toBe(300);
  const asked = { ...run, checkpointing: 'none' } as const;
  expect(settleCheckpointing(asked, 1, planBytes)).toEqual({ settings: asked, totalBytes: 500 });
});

it('says so when nothing fits, and asks for a smaller base when the weights are the reason', () => {
  const { isFitting, settings, wantsSmallerBase, reasons } = propose(150);
  expect([isFitting, settings.batchSize, settings.checkpointing, wantsSmallerBase]).toEqual([false, 1, 'block', true]);
  expect(reasons.at(-1)).toEqual({ setting: 'scheme', weightBytes: 100, budgetBytes: 150 });
});

it('lets a single long row be cut, and gives much data a larger rank', () => {
  const one = { rows: 5000, lengths: [...new Array<number>(4999).fill(90), 4000], supervisedTokens: 300_000 };
  const { settings, reasons } = propose(1e9, one);
  expect(settings).toMatchObject({ seqLen: 96, rank: 32, alpha: 64, batchSize: 8 });
  expect(reasons).toContainEqual({ setting: 'seqLen', longest: 4000, longer: 1 });
});

it('takes what a step costs beside its arithmetic from the shortest one', () => {
  const rate = fitLine([
    { flops: 10, ms: 9 },
    { flops: 100, ms: 12 },
    { flops: 400, ms: 18 },
  ]);
  expect(rate.overheadMs).toBeCloseTo(8.8, 9);
  expect(rate.flopsPerMs).toBeCloseTo(50, 9);
  expect(fitLine([{ flops: 10, ms: 5 }])).toEqual({ overheadMs: 0, flopsPerMs: 2 });
  const flat = [
    { flops: 10, ms: 5 },
    { flops: 100, ms: 4 },
  ];
  expect(fitLine(flat)).toEqual({ overheadMs: 4, flopsPerMs: 25 });
});
