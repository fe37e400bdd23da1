// A browser whose storage is full when the run ends: the adapter is there, with the reason, can be downloaded, and is stored as soon
// as there is room.

import path from 'node:path';
import { dropFiles, expect, openPage, place, ROOT, readZip, test } from './support.ts';

test('an adapter that the storage refuses is kept in memory and can be downloaded', async ({ page }) => {
  await openPage(page);
  await dropFiles(page, [path.join(ROOT, 'public/examples/weather-haiku.jsonl')]);
  await place(page, 'Train').click();
  const settings = page.getByRole('region', { name: 'Settings' });
  const fill = (name: string, value: number) => settings.getByRole('spinbutton', { name }).fill(String(value));
  await fill('Rank', 2);
  await page.getByRole('radio', { name: 'Steps' }).check();
  await fill('Steps', 3);
  await fill('Rows per step', 1);
  await fill('Tokens per row', 16);
  await page.getByRole('textbox', { name: 'Name of the adapter' }).fill('no room');

  const [worker] = page.workers();
  // As text: these tests are typed as Node, which has no IndexedDB.
  await worker!.evaluate(`
    const put = IDBObjectStore.prototype.put;
    globalThis.makeRoom = () => { IDBObjectStore.prototype.put = put; };
    IDBObjectStore.prototype.put = () => { throw new DOMException('no room', 'QuotaExceededError'); };
  `);
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await run.getByRole('button', { name: 'Start training' }).click();
  const note = run.getByRole('alert');
  await expect(note).toContainText('This adapter is not stored yet.', { timeout: 5 * 60_000 });
  await expect(note).toContainText('the storage that this browser gives to the page is full');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    note.getByRole('button', { name: 'Download it now' }).click(),
  ]);
  expect([...readZip(await download.path()).keys()]).toContain('adapter_model.safetensors');

  await worker!.evaluate('makeRoom()');
  await place(page, 'Library').click();
  const card = page.getByRole('article', { name: 'no room' });
  await expect(card).toContainText('This adapter is not stored yet.');
  await card.getByRole('button', { name: /Rename/ }).click();
  await page.keyboard.type('stored');
  await page.keyboard.press('Enter');
  const stored = page.getByRole('article', { name: 'stored' });
  await expect(stored).toBeVisible();
  await expect(stored).not.toContainText('not stored yet');
  await page.reload();
  await expect(stored).toBeVisible({ timeout: 60_000 });
});
