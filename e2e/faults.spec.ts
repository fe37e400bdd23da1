// A GPU that is lost in the middle of a run, in a real browser: the page asks for it again, the run goes on by itself, or, where
// every GPU is lost, when someone says so; and the record for a bug report tells of it without a word of the user's data.

import { readFileSync } from 'node:fs';
import { checkState } from './axe.ts';
import { EXAMPLE, expect, fillSmallRun, loseGpu, openPage, paceSteps, place, spoilGradient, test } from './support.ts';

const STEPS = 95;

test('a run whose GPU is lost goes on and ends in the library', async ({ page }) => {
  await openPage(page);
  await paceSteps(page);
  await fillSmallRun(page, { steps: STEPS, name: 'hardened' });
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await run.getByRole('button', { name: 'Start training' }).click();
  const late = run.getByText(new RegExp(`step (5[2-9]|[67]\\d) of ${STEPS}`));
  await expect(late).toBeVisible({ timeout: 5 * 60_000 });

  await test.step('one that fails again and again ends the run, which is kept and goes on', async () => {
    const giveBack = await loseGpu(page, { always: true });
    const failed = run.getByRole('alert');
    await expect(failed).toContainText('The run has failed.', { timeout: 2 * 60_000 });
    await expect(failed).toContainText(/What it learned up to step [1-9]\d* is kept/);
    await expect(failed.getByRole('button', { name: 'Reload the page' })).toBeVisible();
    await expect(run.getByRole('note'), 'nothing says that it goes on').toBeHidden();
    await checkState(page, 'run-failed');
    await giveBack();
    await failed.getByRole('button', { name: 'Go on' }).click();
    await expect(late).toBeVisible({ timeout: 5 * 60_000 });
  });

  await loseGpu(page);
  const note = run.getByRole('note');
  await expect(note).toContainText('The GPU failed, and the run went on by itself.', { timeout: 60_000 });
  await expect(note).toContainText(/after step [1-9]\d*; nothing is lost but the steps since then/);
  await expect(run.getByText(`Done: ${STEPS} steps in`)).toBeVisible({ timeout: 5 * 60_000 });
  await expect(run.getByRole('img', { name: `in ${STEPS} steps` }), 'the curve has every step once').toBeVisible();

  await page.getByRole('button', { name: /^Device/ }).click();
  const dialog = page.getByRole('dialog');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Save a record' }).click(),
  ]);
  const text = readFileSync(await download.path(), 'utf8');
  const record = JSON.parse(text);
  expect(record.run.faults).toEqual([
    { cause: 'gpu', step: expect.any(Number), message: expect.stringContaining('the GPU device was lost (destroyed') },
  ]);
  expect(record.run.losses).toHaveLength(STEPS);
  expect(record.device.name).toMatch(/\w/);
  for (const secret of ['weather-haiku', 'hardened', ...wordsOf(EXAMPLE)]) expect(text).not.toContain(secret);
  await dialog.getByRole('button', { name: 'Close' }).click();

  await place(page, 'Library').click();
  await expect(page.getByRole('article', { name: 'hardened' })).toBeVisible();
});

test('numbers that go bad go on with half the rate, once; the next time the run ends at its last good state', async ({
  page,
}) => {
  await openPage(page);
  await paceSteps(page);
  await fillSmallRun(page, { steps: 900, name: 'wild' });
  const settings = page.getByRole('region', { name: 'Settings' });
  await settings.getByText('All settings').click();
  await settings.getByRole('switch', { name: 'Go on after bad numbers' }).click();
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await run.getByRole('button', { name: 'Start training' }).click();

  // The first state after the fresh one is kept by then, and a step went well after it.
  await expect(run.getByText(/step (5[2-9]|[6-9]\d) of 900/)).toBeVisible({ timeout: 5 * 60_000 });
  await spoilGradient(page);
  await expect(run.getByRole('note')).toContainText('the run went on with half the learning rate', {
    timeout: 2 * 60_000,
  });
  await checkState(page, 'rate-halved');

  await spoilGradient(page);
  const ended = run.getByRole('alert');
  await expect(ended).toContainText('The numbers went bad, and the run has stopped.', { timeout: 2 * 60_000 });
  await checkState(page, 'numbers-bad');
});

/** The first answers of a dataset, each a line nobody else would write. */
function wordsOf(file: string): string[] {
  const rows = readFileSync(file, 'utf8').split('\n').slice(0, 5);
  return rows.flatMap((row) => row.match(/[A-Z][a-z]+ [a-z]+ [a-z]+/g) ?? []).slice(0, 10);
}
