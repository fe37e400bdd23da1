// A browser without WebGPU is told so, in words, and the page stays whole.

import { expect, place, test } from './support.ts';

/** Makes `navigator.gpu` absent. Chromium has no switch for it, so the first line of every script does it, workers' too. */
const WITHOUT_GPU = 'for (const it of ["Navigator", "WorkerNavigator"]) delete globalThis[it]?.prototype.gpu;\n';

test('without WebGPU the page says so and what to do', async ({ page }) => {
  await page.route('**/*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: WITHOUT_GPU + (await response.text()) });
  });
  await page.goto('./');
  const banner = page.getByRole('region', { name: 'Device' });
  await expect(banner).toContainText('This browser does not offer WebGPU, so nothing can be trained here.');
  await expect(banner.getByRole('listitem').first()).toContainText('Chrome or Edge');
  await expect(banner.getByRole('button', { name: 'Look again' })).toBeVisible();
  await place(page, 'Train').click();
  await expect(page.getByRole('region', { name: 'Settings' })).toBeVisible();
});
