// Autopilot measures the GPU, proposes settings with reasons, and stands beside the run with what it predicted. The run goes on
// while nobody looks, and tells of its end only who has asked for it.

import { checkState } from './axe.ts';
import { dropFiles, EXAMPLE, expect, openPage, place, test } from './support.ts';

test('autopilot proposes settings with reasons; predicted and measured stand side by side; a hidden page trains on', async ({
  page,
}) => {
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

  await checkState(page, 'autopilot');

  const run = page.getByRole('region', { name: 'Run', exact: true });
  const tells = run.getByRole('switch', { name: 'Tell me when it ends' });
  await tells.click();
  await expect(run.getByText('The browser does not allow notifications for this page'), 'not granted').toBeVisible();
  await expect(tells).not.toBeChecked();
  await checkState(page, 'not-told');
  await page.context().grantPermissions(['notifications']);
  await tells.click();
  await expect(tells).toBeChecked();
  await expect(run.getByText('The browser does not allow notifications for this page')).toBeHidden();
  await page.evaluate(`{
    globalThis.told = [];
    globalThis.Notification = class extends Notification {
      constructor(title, options) {
        super(title, options);
        told.push(this);
      }
    };
    globalThis.locks = [];
    const request = async (kind) => {
      const lock = { kind, released: false, release: async () => void (lock.released = true) };
      return locks.push(lock) && lock;
    };
    Object.defineProperty(navigator, 'wakeLock', { value: { request } });
    let isHidden = false;
    Object.defineProperty(document, 'hidden', { get: () => isHidden });
    Object.defineProperty(document, 'visibilityState', { get: () => (isHidden ? 'hidden' : 'visible') });
    // A browser lets go of the screen when the page is hidden.
    globalThis.hide = (hidden) => {
      isHidden = hidden;
      if (hidden) for (const lock of locks) lock.released = true;
      document.dispatchEvent(new Event('visibilitychange'));
    };
  }`);
  const held = () => page.evaluate<string[]>('locks.filter((lock) => !lock.released).map(({ kind }) => kind)');
  await run.getByRole('switch', { name: 'Keep the screen awake' }).click();
  await page.getByRole('radio', { name: 'Steps' }).check();
  await settings.getByRole('spinbutton', { name: 'Steps', exact: true }).fill('6');
  await page.getByRole('textbox', { name: 'Name of the adapter' }).fill('piloted');
  await expect(autopilot.getByRole('button', { name: 'Measure and ask again' })).toBeEnabled({ timeout: 3 * 60_000 });
  expect(await held(), 'nothing is kept awake for a page without a run').toEqual([]);
  await run.getByRole('button', { name: 'Start training' }).click();
  await expect.poll(held, 'the screen stays awake while it goes').toEqual(['screen']);
  await expect(page).toHaveTitle(/^\d+ % · piloted · Graft$/, { timeout: 5 * 60_000 });
  await page.evaluate('hide(true)');
  expect(await held()).toEqual([]);
  await page.evaluate('hide(false)');
  await expect.poll(held, 'and again for who comes back').toEqual(['screen']);
  await page.evaluate('hide(true)');
  await expect(page).toHaveTitle('Done · piloted · Graft', { timeout: 5 * 60_000 });
  await expect(run.getByText('Done: 6 steps in')).toBeVisible({ timeout: 5 * 60_000 });
  await page.evaluate('hide(false)');
  await expect(page).toHaveTitle('Graft');
  expect(await held(), 'the screen may sleep').toEqual([]);
  const memory = run.getByRole('row', { name: /memory/ }).getByRole('cell');
  const [predicted, measured] = await memory.allTextContents();
  expect(measured, 'what was allocated is what was predicted').toBe(predicted);
  await expect(
    run
      .getByRole('row', { name: /time per step/ })
      .getByRole('cell')
      .last(),
  ).toHaveText(/\d (ms|s)/);
  await checkState(page, 'autopilot-done');
  expect(await page.evaluate('told.map(({ title, body }) => [title, body])')).toEqual([
    ['piloted', 'The run is done and the adapter is kept'],
  ]);
  await place(page, 'Library').click();
  await page.evaluate(`told[0].dispatchEvent(new Event('click'))`);
  await expect(run.getByText('Done: 6 steps in'), 'a click on it leads back to the run').toBeVisible();
});
