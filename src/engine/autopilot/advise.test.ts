import { expect, it } from 'vitest';
import { memoryEngine, openSquares, openTiny, SETTINGS } from '../testing/memory-host.ts';

it('predicts memory to the byte and time by what was measured, and proposes what fits', { retry: 2 }, async () => {
  const { engine } = memoryEngine();
  await openTiny(engine);
  await openSquares(engine);
  const settings = { ...SETTINGS, validationSplit: 0, evalEvery: 0 };
  const { now, proposal } = await engine.run.adviseRun(settings, 1e9);
  expect(now.totalBytes).toBe((await engine.run.planRun(settings)).totalBytes);
  const times: number[] = [];
  let allocated = 0;
  await engine.run.train('a', 'A', settings, (event) => {
    if (event.type === 'step') times.push(event.ms);
    if (event.type === 'memory') allocated = event.bytes;
  });
  expect(allocated, 'what was allocated is what was predicted').toBe(now.totalBytes);
  const measured = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
  // A shared machine and a model whose steps take a few milliseconds: the order of magnitude.
  expect(now.stepMs / measured, `${now.stepMs} ms predicted, ${measured} ms measured`).toBeGreaterThan(0.25);
  expect(now.stepMs / measured, `${now.stepMs} ms predicted, ${measured} ms measured`).toBeLessThan(4);

  expect(proposal).toMatchObject({ isFitting: true, settings: { rank: 8, checkpointing: 'none' } });
  const taken = await engine.run.planRun(proposal.settings);
  expect(taken.totalBytes).toBeLessThanOrEqual(proposal.totalBytes);
  const tight = await engine.run.adviseRun(settings, proposal.totalBytes - 1);
  expect(tight.proposal.totalBytes).toBeLessThan(proposal.totalBytes);
});
