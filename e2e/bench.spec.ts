// The hidden page for measuring: its losses are the reference ones, whatever the time.

import { expect, test } from './support.ts';

test('the bench measures a step and a token of an answer, and the step computes what it should', async ({ page }) => {
  await page.goto('/#bench');
  await page.getByRole('textbox', { name: 'Cases' }).fill('T-b2-s16 T-decode');
  await page.getByRole('button', { name: 'Measure' }).click();
  const step = page.getByRole('row', { name: /T-b2-s16/ });
  await expect(step).toContainText('5.62875 5.58088 5.53278 5.48431', { timeout: 4 * 60_000 });
  await expect(page.getByRole('row', { name: /T-decode/ })).toBeVisible({ timeout: 4 * 60_000 });
  await expect(page.getByRole('textbox', { name: 'Results as JSON' })).toHaveValue(/"case": "T-decode"/);
  await page.screenshot({ path: 'test-results/bench.png' });
});

test('a name that is no case is refused with those that there are', async ({ page }) => {
  await page.goto('/#bench');
  await page.getByRole('textbox', { name: 'Cases' }).fill('huge');
  await page.getByRole('button', { name: 'Measure' }).click();
  await expect(page.getByText(/Cannot run case "huge": need a name such as S-b1-s128/)).toBeVisible();
});
