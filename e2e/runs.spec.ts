// Runs: two of them are made, laid over one another and compared; one is forked, one is deleted and brought back.

import type { Page } from '@playwright/test';
import { checkFace, checkState } from './axe.ts';
import { dropFiles, EXAMPLE, expect, fillSmallRun, openPage, place, test } from './support.ts';

const STEPS = 16;

const run = (page: Page) => page.getByRole('region', { name: 'Run', exact: true });
const settings = (page: Page) => page.getByRole('region', { name: 'Settings' });

async function trainOnce(page: Page, name: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Name of the adapter' }).fill(name);
  await run(page)
    .getByRole('button', { name: /Start training|Train again/ })
    .click();
  await expect(run(page).getByText(`Done: ${STEPS} steps in`)).toBeVisible({ timeout: 5 * 60_000 });
}

test('runs are kept, compared, forked, deleted and brought back; sample prompts show the change', async ({ page }) => {
  await openPage(page);
  await fillSmallRun(page, { steps: STEPS, name: 'first', tokensPerRow: 32 });
  const fill = (name: string, value: number) => settings(page).getByRole('spinbutton', { name }).fill(String(value));

  await test.step('base and adapter answer on the way', async () => {
    await settings(page).getByRole('switch', { name: 'Ask as it learns' }).click();
    await settings(page).getByRole('textbox', { name: 'Questions, one a line' }).fill('Weather: rain\nWeather: snow');
    await settings(page).getByRole('spinbutton', { name: 'Ask every' }).fill('8');
    await settings(page).getByRole('spinbutton', { name: 'Longest answer' }).fill('6');
    await trainOnce(page, 'first');
    const strip = page.getByRole('list', { name: 'Answers to “Weather: rain” over time' });
    await expect(strip.getByRole('listitem')).toHaveText([/^base./, /^step 8./, /^step 16./]);
    await expect(page.getByRole('list', { name: 'Answers to “Weather: snow” over time' })).toBeVisible();
  });

  await fill('Rank', 4);
  await settings(page).getByRole('switch', { name: 'Ask as it learns' }).click();
  await trainOnce(page, 'second');

  await test.step('both are listed and laid over one another, with what differs', async () => {
    const mini = page.getByRole('region', { name: 'Runs', exact: true });
    await expect(mini.getByRole('row', { name: /second/ })).toContainText('4');
    await mini.getByRole('link', { name: 'Compare' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Runs' })).toBeVisible();
    await expect(page.getByRole('img', { name: 'Smoothed loss of second, first over their steps' })).toBeVisible();
    const differences = page.getByRole('region', { name: 'What differs between the runs shown', exact: true });
    await expect(differences.getByRole('row')).toHaveCount(2);
    await expect(differences.getByRole('row', { name: /Rank/ })).toContainText(/4.*2 \(differs\)/);
    await checkFace(page, 'runs');
  });

  await test.step('one is read in detail, with its answers, and noted', async () => {
    await page.getByRole('button', { name: 'Details of first' }).click();
    const details = page.getByRole('region', { name: 'Details of first' });
    await expect(details.getByRole('list', { name: 'Answers to “Weather: rain” over time' })).toBeVisible();
    await details.getByRole('textbox', { name: 'Notes' }).fill('the small one');
    await details.getByRole('textbox', { name: 'Notes' }).blur();
    await page.evaluate('scrollTo(0, 0)');
    await checkFace(page, 'run-details');
    await page.reload();
    await expect(place(page, 'Base')).toHaveAccessibleName(/ready/, { timeout: 3 * 60_000 });
    await page.getByRole('button', { name: 'Details of first' }).click();
    await expect(details.getByRole('textbox', { name: 'Notes' })).toHaveValue('the small one');
  });

  await test.step('deleted, it is gone; undone, it is back', async () => {
    const rows = page.getByRole('region', { name: 'All runs', exact: true }).getByRole('row');
    await expect(rows).toHaveCount(3);
    await page.getByRole('region', { name: 'Details of first' }).getByRole('button', { name: 'Delete' }).click();
    await expect(rows).toHaveCount(2);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(rows).toHaveCount(3);
  });

  await test.step('a new run starts from a state that was kept on the way', async () => {
    await page.getByRole('button', { name: 'Details of first' }).click();
    const details = page.getByRole('region', { name: 'Details of first' });
    await details.getByRole('combobox', { name: 'Start a new run from' }).selectOption({ label: 'step 8' });
    await details.getByRole('button', { name: 'Start from here' }).click();
    const from = page.getByRole('region', { name: 'Starts from' });
    await expect(from).toContainText('first, step 8');
    await expect(settings(page).getByRole('spinbutton', { name: 'Rank' })).toBeDisabled();
    await expect(settings(page).getByRole('spinbutton', { name: 'Rank' })).toHaveValue('2');
    await dropFiles(page, [EXAMPLE]);
    await expect(page.getByRole('heading', { name: 'weather-haiku.jsonl' })).toBeVisible();
    await place(page, 'Train').click();
    await expect(from).toContainText('With the settings as they are it makes the very numbers that this run made');
    await fill('Steps', STEPS + 8);
    await expect(from).toContainText('Other from there on: steps');
    await checkState(page, 'starts-from');
    await fill('Steps', 8);
    await expect(from).toContainText('need more than the 8 that are made. Set it back');
    await expect(run(page).getByRole('button', { name: /Start training|Train again/ })).toBeDisabled();
    await fill('Steps', STEPS);
    await expect(from).toContainText('makes the very numbers');
    await trainOnce(page, 'forked');
    await page.getByRole('link', { name: 'Compare' }).click();
    await page.getByRole('button', { name: 'Details of forked' }).click();
    await expect(page.getByRole('region', { name: 'Details of forked' })).toContainText('first, step 8');
  });
});
