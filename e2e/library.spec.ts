// Library, as its user meets it: find, tag, copy, delete and bring back; everything into one file and back.

import { checkFace } from './axe.ts';
import { EXAMPLE, expect, fillSmallRun, openPage, place, readZip, test } from './support.ts';

const MINUTE = 60_000;

test('adapters are found, tagged, copied, deleted and brought back; a backup moves them to another browser', async ({
  page,
  browser,
  baseURL,
}) => {
  await openPage(page);
  await test.step('a short run leaves an adapter', async () => {
    await fillSmallRun(page, { steps: 3, name: 'haiku', tokensPerRow: 32, others: { 'Held back': 0 } });
    await page.getByRole('button', { name: 'Start training' }).click();
    await expect(page.getByText('Done: 3 steps in')).toBeVisible({ timeout: 4 * MINUTE });
  });

  await place(page, 'Library').click();
  const card = page.getByRole('article', { name: 'haiku', exact: true });

  await test.step('its card has curve, recipe, size and tags', async () => {
    await expect(card.getByRole('img', { name: /^Loss went from/ })).toBeVisible();
    await card.getByText('Recipe').click();
    await expect(card).toContainText('Tokens per row32');
    await expect(card).toContainText(/Size[\d.]+ kB/);
    await card.getByRole('button', { name: 'Edit tags: haiku' }).click();
    await card.getByRole('textbox', { name: 'Tags, with commas between' }).fill('verse, weather');
    await page.keyboard.press('Enter');
    await expect(card.getByText('verse', { exact: true })).toBeVisible();
  });

  await test.step('copies are searched by name and tag, and ordered', async () => {
    await page.getByRole('button', { name: 'Duplicate: haiku' }).click();
    const copy = page.getByRole('article', { name: 'haiku, copy' });
    await expect(copy).toBeVisible();
    await copy.getByRole('button', { name: 'Edit tags' }).click();
    await copy.getByRole('textbox').fill('');
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox', { name: 'verse' }).check();
    await expect(copy).toBeHidden();
    await expect(page.getByText('1 of 2 adapters')).toBeVisible();
    await page.getByRole('checkbox', { name: 'verse' }).uncheck();
    await page.getByRole('searchbox', { name: 'Find an adapter' }).fill('COPY');
    await expect(card).toBeHidden();
    await checkFace(page, 'library');
    for (const width of [360, 800, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      // Cards are measured anew when another number of them stands side by side.
      await expect(async () => {
        const above = (await copy.boundingBox())!;
        const below = (await page.getByRole('region', { name: 'Storage' }).boundingBox())!;
        expect(below.y, `at ${width} px nothing lies over another`).toBeGreaterThan(above.y + above.height);
      }).toPass({ timeout: MINUTE });
    }
    await page.getByRole('searchbox', { name: 'Find an adapter' }).fill('');
  });

  await test.step('one that was deleted comes back, at once and later', async () => {
    const copy = page.getByRole('article', { name: 'haiku, copy' });
    await page.getByRole('button', { name: 'Delete: haiku, copy' }).click();
    await expect(copy).toBeHidden();
    await expect(page.getByRole('button', { name: 'Undo' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(copy).toBeVisible();
    await page.getByRole('button', { name: 'Delete: haiku, copy' }).click();
    await expect(copy).toBeHidden();
    await page.reload();
    await expect(card).toBeVisible();
    await expect(copy).toBeHidden();
    await page.getByText('Recently deleted: 1 adapter').click();
    await page.getByRole('button', { name: 'Bring back: haiku, copy' }).click();
    await expect(copy).toBeVisible();
  });

  await test.step('storage is told and asked for', async () => {
    const storage = page.getByRole('region', { name: 'Storage' });
    await expect(storage).toContainText(/used, .+ left for this page/);
    await storage.getByRole('button', { name: 'Ask it to keep everything' }).click();
    await expect(storage).toContainText(/It did not promise|has promised to keep it/);
  });

  const backup = await test.step('everything goes into one file', async () => {
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download a backup' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toMatch(/^graft-backup-\d{4}-\d\d-\d\d\.zip$/);
    const file = await download.path();
    const names = [...readZip(file).keys()];
    expect(names.filter((name) => name.endsWith('adapter_model.safetensors')).length).toBe(2);
    return file;
  });

  await test.step('another browser has it all from that file, settings too; a broken file adds nothing', async () => {
    const other = await (await browser.newContext({ baseURL: baseURL! })).newPage();
    await openPage(other);
    await place(other, 'Library').click();
    await other.getByLabel('Backup file').setInputFiles(EXAMPLE);
    await expect(other.getByText(/Cannot open backup "weather-haiku.jsonl": found .+, need a zip file/)).toBeVisible();
    await other.getByLabel('Backup file').setInputFiles(backup);
    await expect(other.getByText('2 adapters brought back.')).toBeVisible();
    await expect(other.getByRole('article', { name: 'haiku', exact: true })).toContainText('verse');
    await other.reload();
    await expect(other.getByRole('article', { name: 'haiku, copy' })).toBeVisible();
    await place(other, 'Train').click();
    await expect(other.getByRole('region', { name: 'Settings' }).getByRole('spinbutton', { name: 'Rank' })).toHaveValue(
      '2',
    );
    await other.context().close();
  });
});
