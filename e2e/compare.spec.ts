// Several adapters trained at once: chosen by what differs, each with its own curve; paused together, interrupted by a reload, hit
// by a GPU that is lost, and at the end in the library with a run of its own each.

import { checkState } from './axe.ts';
import { expect, fillSmallRun, loseGpu, openPage, paceSteps, place, test } from './support.ts';

/** Time enough for the checkpoints, which come every 50 steps or 10 seconds, and for what is done after one. */
const STEPS = 110;

test('two ranks are compared in one run, which outlives a reload and a lost GPU', async ({ page }) => {
  // The page asks before it is left during a run: leave.
  page.on('dialog', (dialog) => void dialog.accept());
  await openPage(page);
  await paceSteps(page);
  await fillSmallRun(page, { steps: STEPS, name: 'haiku' });
  const settings = page.getByRole('region', { name: 'Settings' });
  const compare = settings.getByRole('region', { name: 'Compare' });
  const one = await settings.locator('.memory h2').textContent();

  await test.step('what differs is chosen, and memory is planned for all of them', async () => {
    await expect(compare.getByRole('radio', { name: 'Files' })).toBeDisabled();
    await compare.getByRole('radio', { name: 'Ranks' }).check();
    await expect(settings.getByRole('spinbutton', { name: 'Rank', exact: true })).toBeDisabled();
    await expect(compare.getByRole('spinbutton')).toHaveCount(4);
    for (let left = 4; left > 1; left--) await compare.getByRole('button', { name: `Leave out Rank ${left}` }).click();
    await expect(compare).toContainText('Needs two different values');
    await expect(page.getByRole('button', { name: 'at once' })).toBeDisabled();
    await compare.getByRole('button', { name: 'One more' }).click();
    await compare.getByRole('spinbutton', { name: 'Rank 1' }).fill('2');
    await compare.getByRole('spinbutton', { name: 'Rank 2' }).fill('5');
    await expect(settings.locator('.memory h2')).not.toHaveText(one!);
    await checkState(page, 'compare');
  });

  const run = page.getByRole('region', { name: 'Run', exact: true });
  const rows = run.getByRole('table', { name: 'The adapters of this run' }).locator('tbody').getByRole('row');
  const step = (i: number) => rows.nth(i).getByRole('cell').first();
  await run.getByRole('button', { name: 'Train 2 at once' }).click();
  await expect(run.getByRole('heading', { name: '2 adapters at once' })).toBeVisible();
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(0)).toContainText('haiku, rank 2');
  await expect(rows.nth(1)).toContainText('haiku, rank 5');

  await test.step('both go on side by side, and are paused together', async () => {
    for (const i of [0, 1]) await expect(step(i)).toHaveText(/^([3-9]|\d\d) \/ 110$/, { timeout: 5 * 60_000 });
    await run.getByRole('button', { name: 'Pause' }).click();
    for (const i of [0, 1]) await expect(rows.nth(i)).toContainText('paused');
    await checkState(page, 'together-paused');
    await run.getByRole('button', { name: 'Resume' }).click();
    await expect(rows.nth(0)).not.toContainText('paused');
  });

  await test.step('the other is looked at', async () => {
    await rows.nth(1).getByRole('button', { name: 'haiku, rank 5', exact: true }).click();
    await expect(rows.nth(1).getByRole('button', { name: 'haiku, rank 5', exact: true })).toHaveAttribute(
      'aria-pressed',
      'true',
    );
  });

  await test.step('a reload interrupts it, and it goes on', async () => {
    for (const i of [0, 1]) await expect(step(i)).toHaveText(/^(5[1-9]|[67]\d) \/ 110$/, { timeout: 5 * 60_000 });
    await page.reload();
    const banner = page.getByRole('region', { name: 'Interrupted run' });
    await expect(banner).toContainText(/A run of 2 adapters was interrupted at step \d+ of 220 in all\./, {
      timeout: 3 * 60_000,
    });
    await expect(banner).toContainText('“haiku, rank 2”, “haiku, rank 5” goes on as if nothing had happened');
    await paceSteps(page);
    await banner.getByRole('button', { name: 'Go on' }).click();
    await expect(banner).toBeHidden();
    // Both make steps again, on the GPU that is about to be lost.
    for (const i of [0, 1]) {
      await expect(rows.nth(i)).not.toContainText('preparing', { timeout: 3 * 60_000 });
      const stands = await step(i).textContent();
      await expect(step(i)).not.toHaveText(stands!, { timeout: 3 * 60_000 });
    }
  });

  await test.step('a lost GPU takes nothing from either', async () => {
    await loseGpu(page);
    await expect(run.getByRole('note')).toContainText('The GPU failed, and the run went on by itself.', {
      timeout: 60_000,
    });
    await expect(run.getByText('All 2 are in the library.')).toBeVisible({ timeout: 8 * 60_000 });
    for (const i of [0, 1]) await expect(step(i)).toHaveText(`${STEPS} / ${STEPS}`);
    await expect(run.getByText(/^Lowest loss on the rows held back: haiku, rank [25] with/)).toBeVisible();
    await expect(
      run.getByRole('img', { name: `Loss of haiku, rank 2, haiku, rank 5 over ${STEPS} steps` }),
    ).toBeVisible();
  });

  await test.step('both answer side by side, and each has its run', async () => {
    await run.getByRole('button', { name: 'Try them side by side' }).click();
    const who = page.getByRole('region', { name: 'Who answers' });
    await expect(who.getByRole('combobox')).toHaveCount(3);
    await place(page, 'Library').click();
    for (const rank of [2, 5])
      await expect(page.getByRole('article', { name: `haiku, rank ${rank}` })).toContainText('weather-haiku.jsonl');
    await place(page, 'Train').click();
    await page.getByRole('link', { name: 'Compare', exact: true }).click();
    const runs = page.getByRole('table').locator('tbody').getByRole('row');
    await expect(runs.filter({ hasText: 'haiku, rank' })).toHaveCount(2);
    await expect(runs.filter({ hasText: /haiku, rank \d.*· done/ })).toHaveCount(2);
  });
});
