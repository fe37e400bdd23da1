import { expect, it } from 'vitest';
import { memoryEngine, openSquares, openTiny, SETTINGS } from '../testing/memory-host.ts';

it('predicts memory to the byte and a time, and proposes what fits', async () => {
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
  // How near it comes is for `npm run bench` and the table beside a run: a busy machine is no mistake of the prediction.
  expect(times.length).toBeGreaterThan(0);
  expect(now.stepMs).toBeGreaterThan(0);
  expect(now.totalMs).toBeGreaterThanOrEqual(now.stepMs);

  expect(proposal).toMatchObject({ isFitting: true, settings: { rank: 8, checkpointing: 'none' } });
  const taken = await engine.run.planRun(proposal.settings);
  expect(taken.totalBytes).toBeLessThanOrEqual(proposal.totalBytes);
  const tight = await engine.run.adviseRun(settings, proposal.totalBytes - 1);
  expect(tight.proposal.totalBytes).toBeLessThan(proposal.totalBytes);
});
