// A page that is reloaded in the middle of a run: the run is offered again, goes on without its file, and ends in the library.

import path from 'node:path';
import { dropFiles, expect, openPage, place, ROOT, test } from './support.ts';

const EXAMPLE = path.join(ROOT, 'public/examples/weather-haiku.jsonl');
/** More than two of the checkpoints, which come every 50 steps or 10 seconds. */
const STEPS = 110;

test('a run that a reload has interrupted goes on', async ({ page }) => {
  // The page asks before it is left during a run: leave.
  page.on('dialog', (dialog) => void dialog.accept());
  await openPage(page);
  await dropFiles(page, [EXAMPLE]);
  await place(page, 'Train').click();
  const settings = page.getByRole('region', { name: 'Settings' });
  const fill = (name: string, value: number) => settings.getByRole('spinbutton', { name }).fill(String(value));
  await fill('Rank', 2);
  await page.getByRole('radio', { name: 'Steps' }).check();
  await fill('Steps', STEPS);
  await fill('Rows per step', 1);
  await fill('Tokens per row', 16);
  await page.getByRole('textbox', { name: 'Name of the adapter' }).fill('cut off');
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await run.getByRole('button', { name: 'Start training' }).click();
  await expect(run.getByText(new RegExp(`step (5[2-9]|[6-9]\\d|10\\d) of ${STEPS}`))).toBeVisible({
    timeout: 5 * 60_000,
  });

  await page.reload();
  const banner = page.getByRole('region', { name: 'Interrupted run' });
  await expect(banner).toContainText(/A run was interrupted at step [1-9]\d* of 110\./, { timeout: 3 * 60_000 });
  await expect(banner).toContainText('goes on as if nothing had happened');
  await banner.getByRole('button', { name: 'Go on' }).click();
  await expect(banner).toBeHidden();
  await expect(run.getByText(`Done: ${STEPS} steps in`)).toBeVisible({ timeout: 5 * 60_000 });
  await expect(run.getByRole('img', { name: `in ${STEPS} steps` }), 'the curve has every step').toBeVisible();

  await place(page, 'Library').click();
  await expect(page.getByRole('article', { name: 'cut off' })).toContainText('weather-haiku.jsonl');
  await page.reload();
  await expect(place(page, 'Base')).toHaveAccessibleName(/ready/, { timeout: 3 * 60_000 });
  await expect(page.getByRole('article', { name: 'cut off' })).toBeVisible();
  await expect(banner).toBeHidden();
});
