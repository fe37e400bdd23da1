// The first visit: one button shows the whole loop, from an example to an answer of base and adapter.

import { expect, openPage, test } from './support.ts';

test('one button trains an example and asks base and adapter the same', async ({ page }) => {
  await openPage(page);
  await page.getByRole('button', { name: 'Show me the whole loop' }).click();
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await expect(run.getByText(/step ([6-9]|\d\d+) of \d+/)).toBeVisible({ timeout: 5 * 60_000 });
  // Enough to have learned something; a GPU is through by now.
  await run.getByRole('button', { name: 'Stop and keep' }).click();
  await expect(page.getByText('How are you today?')).toBeVisible({ timeout: 3 * 60_000 });
  await expect(page.getByText(/tokens\/s · (finished|cut)/)).toHaveCount(2, { timeout: 3 * 60_000 });
});
