// Two tabs and a run: the second shows what the first trains and can pause it; when the first dies in the middle, the second
// offers the run, also after a reload, goes on with it without its file, and the adapter ends in the library.

import type { Page } from '@playwright/test';
import { expect, fillSmallRun, openPage, paceSteps, place, test } from './support.ts';

/** More than two of the checkpoints, which come every 50 steps or 10 seconds. */
const STEPS = 110;

test('a run is shown in a second tab, which goes on with it when the first dies', async ({ page, context }) => {
  // The page asks before it is left during a run: leave.
  page.on('dialog', (dialog) => void dialog.accept());
  await openPage(page);
  await paceSteps(page);
  await fillSmallRun(page, { steps: STEPS, name: 'cut off' });
  const runOf = (tab: Page) => tab.getByRole('region', { name: 'Run', exact: true });
  const run = runOf(page);
  const stepOf = (tab: Page, from: number) =>
    expect
      .poll(async () => Number((await runOf(tab).textContent())?.match(/step (\d+) of 110/)?.[1] ?? 0), {
        timeout: 5 * 60_000,
      })
      .toBeGreaterThanOrEqual(from);
  await run.getByRole('button', { name: 'Start training' }).click();
  await stepOf(page, 1);

  const second = await context.newPage();
  await test.step('a second tab shows it, lets it go on, and pauses it', async () => {
    // A page may take longer to open than the whole run.
    await run.getByRole('button', { name: 'Pause' }).click();
    await openPage(second);
    await place(second, 'Train').click();
    await expect(runOf(second)).toContainText('Another tab of this browser trains it.');
    await stepOf(second, 1);
    await expect(runOf(second).getByRole('heading', { name: 'cut off' })).toBeVisible();
    await expect(runOf(second).getByRole('button', { name: 'Start training' })).toBeHidden();
    await runOf(second).getByRole('button', { name: 'Resume' }).click();
    await expect(run.getByText('paused')).toBeHidden();
    await runOf(second).getByRole('button', { name: 'Pause' }).click();
    await expect(run.getByText('paused')).toBeVisible();
    await expect(run).not.toContainText('Another tab');
    await expect(runOf(second).getByText('paused')).toBeVisible();
    await run.getByRole('button', { name: 'Resume' }).click();
    await expect(runOf(second).getByText('paused')).toBeHidden();
  });

  const banner = second.getByRole('region', { name: 'Interrupted run' });
  await test.step('the first dies: the second says so and offers the run, also after a reload', async () => {
    await stepOf(page, 52);
    await expect(banner).toBeHidden();
    const died = page.waitForEvent('crash');
    void (await context.newCDPSession(page)).send('Page.crash').catch(() => {});
    await died;
    await expect(banner).toContainText(
      /The tab that trained is gone. Its run is kept up to step [1-9]\d* of 110, and this tab can go on with it./,
    );
    await expect(runOf(second)).not.toContainText('Another tab');
    await expect(banner.getByRole('button', { name: 'Go on' })).toBeEnabled();
    await second.reload();
    await expect(banner).toContainText(/A run was interrupted at step [1-9]\d* of 110\./, { timeout: 3 * 60_000 });
    await expect(banner).toContainText('goes on as if nothing had happened', { timeout: 3 * 60_000 });
  });

  await banner.getByRole('button', { name: 'Go on' }).click();
  await expect(banner).toBeHidden();
  await expect(runOf(second).getByText(`Done: ${STEPS} steps in`)).toBeVisible({ timeout: 8 * 60_000 });
  await expect(runOf(second).getByRole('img', { name: `in ${STEPS} steps` }), 'the curve has every step').toBeVisible();

  await place(second, 'Library').click();
  await expect(second.getByRole('article', { name: 'cut off' })).toContainText('weather-haiku.jsonl');
  await second.reload();
  await expect(place(second, 'Base')).toHaveAccessibleName(/ready/, { timeout: 3 * 60_000 });
  await expect(second.getByRole('article', { name: 'cut off' })).toBeVisible();
  await expect(banner).toBeHidden();
});
