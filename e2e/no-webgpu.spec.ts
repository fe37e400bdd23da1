// A browser without WebGPU is told so, in words, and the page stays whole.

import { expect, test } from './support.ts';

// Switched off in the browser itself, because the engine asks for WebGPU in its worker.
test.use({
  launchOptions: async ({ launchOptions }, use) => {
    const args = launchOptions.args!.filter((arg) => !/webgpu/.test(arg));
    await use({ ...launchOptions, args: [...args, '--disable-blink-features=WebGPU'] });
  },
});

test('without WebGPU the page says so and what to do', async ({ page }) => {
  await page.goto('./');
  const banner = page.getByRole('region', { name: 'Device' });
  await expect(banner).toContainText('This browser does not offer WebGPU, so nothing can be trained here.');
  await expect(banner.getByRole('listitem').first()).toContainText('Chrome or Edge');
  await expect(banner.getByRole('button', { name: 'Look again' })).toBeVisible();
  await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Train' }).click();
  await expect(page.getByRole('region', { name: 'Settings' })).toBeVisible();
});
