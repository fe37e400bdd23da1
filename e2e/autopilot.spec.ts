// Autopilot measures the GPU, proposes settings with reasons, and stands beside the run with what it predicted. The run goes on
// while nobody looks, and tells of its end only who has asked for it.

import path from 'node:path';
import { dropFiles, expect, openPage, place, ROOT, test } from './support.ts';

const EXAMPLE = path.join(ROOT, 'public/examples/weather-haiku.jsonl');

test('autopilot proposes settings with reasons; predicted and measured stand side by side; a hidden page trains on', async ({
  page,
}) => {
  await page.context().grantPermissions(['notifications']);
  await openPage(page);
  await dropFiles(page, [EXAMPLE]);
  await place(page, 'Train').click();
  const settings = page.getByRole('region', { name: 'Settings' });
  const autopilot = page.getByRole('region', { name: 'Autopilot' });
  await settings.getByRole('spinbutton', { name: 'Rows per step' }).fill('16');
  await autopilot.getByRole('button', { name: 'Ask Autopilot' }).click();
  await expect(autopilot).toContainText(/With these settings: about .* a step, .* in all; exactly .* on the GPU\./, {
    timeout: 3 * 60_000,
  });
  await expect(autopilot.getByRole('listitem')).toHaveCount(4);
  await expect(autopilot).toContainText('suits 96 rows');
  await autopilot.getByRole('button', { name: 'Take the proposal' }).click();
  await expect(settings.getByRole('spinbutton', { name: 'Rows per step' })).toHaveValue('4');
  await expect(autopilot).toContainText('Your settings are what it would take.', { timeout: 3 * 60_000 });

  await settings.getByText('All settings').click();
  const workSpace = settings.getByRole('group', { name: 'Work space' });
  await expect(workSpace).toContainText('Now “Keep all”, with 2.0 GB of memory to use');
  await settings.getByRole('spinbutton', { name: 'Rows per step' }).fill('96');
  await autopilot.getByRole('spinbutton', { name: 'Memory to use' }).fill('0.1');
  await expect(workSpace).toContainText(/Now “Keep (some|least)”, with 100 MB of memory to use/);
  await autopilot.getByRole('spinbutton', { name: 'Memory to use' }).fill('2');
  await settings.getByRole('spinbutton', { name: 'Rows per step' }).fill('4');

  const run = page.getByRole('region', { name: 'Run', exact: true });
  await run.getByRole('switch', { name: 'Tell me when it ends' }).click();
  await page.evaluate(`{
    globalThis.told = [];
    globalThis.Notification = class { constructor(title, { body }) { told.push([title, body]); } };
    Object.defineProperty(document, 'hidden', { get: () => true });
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
    document.dispatchEvent(new Event('visibilitychange'));
  }`);
  await page.getByRole('radio', { name: 'Steps' }).check();
  await settings.getByRole('spinbutton', { name: 'Steps', exact: true }).fill('6');
  await page.getByRole('textbox', { name: 'Name of the adapter' }).fill('piloted');
  await expect(autopilot.getByRole('button', { name: 'Measure and ask again' })).toBeEnabled({ timeout: 60_000 });
  await run.getByRole('button', { name: 'Start training' }).click();
  await expect(run.getByText('Done: 6 steps in')).toBeVisible({ timeout: 5 * 60_000 });
  const memory = run.getByRole('row', { name: /memory/ }).getByRole('cell');
  const [predicted, measured] = await memory.allTextContents();
  expect(measured, 'what was allocated is what was predicted').toBe(predicted);
  await expect(
    run
      .getByRole('row', { name: /time per step/ })
      .getByRole('cell')
      .last(),
  ).toHaveText(/\d (ms|s)/);
  expect(await page.evaluate('told')).toEqual([['piloted', 'The run is done and the adapter is kept']]);
});
