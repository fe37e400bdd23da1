// A browser whose storage is full when the run ends, one that gives none, one that a newer Graft has used before: the adapter is
// there, with the reason, and can be downloaded; nothing that is stored is harmed.

import { expect, fillSmallRun, openBlank, openPage, place, readZip, test } from './support.ts';

test('an adapter that the storage refuses is kept in memory and can be downloaded', async ({ page }) => {
  await openPage(page);
  await fillSmallRun(page, { steps: 3, name: 'no room' });

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

test('a browser that gives no storage trains all the same, says what is not kept, and has downloads', async ({
  page,
}) => {
  // As in a private window: every door to a storage throws, the worker's as well as the page's.
  const denied = `(() => { throw new DOMException('denied', 'SecurityError'); })`;
  await page.addInitScript(`
    for (const name of ['localStorage', 'indexedDB']) Object.defineProperty(window, name, { get: ${denied} });
  `);
  await page.route(/assets\/worker-.*\.js$/, async (route) => {
    const response = await route.fetch();
    const start = `indexedDB.open = ${denied}; StorageManager.prototype.getDirectory = async () => ${denied}();`;
    await route.fulfill({ response, body: `${start}\n${await response.text()}` });
  });
  await openPage(page);
  await fillSmallRun(page, { steps: 3, name: 'private' });
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await run.getByRole('button', { name: 'Start training' }).click();
  const note = run.getByRole('alert');
  await expect(note).toContainText('This adapter is not stored yet.', { timeout: 5 * 60_000 });
  await expect(note).toContainText('this browser gives the page no storage (denied)');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    note.getByRole('button', { name: 'Download it now' }).click(),
  ]);
  expect([...readZip(await download.path()).keys()]).toContain('adapter_model.safetensors');
  await place(page, 'Library').click();
  await expect(page.getByRole('article', { name: 'private' })).toBeVisible();
  const [backup] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download a backup' }).click(),
  ]);
  expect([...readZip(await backup.path()).keys()]).toContain('adapters/0/adapter_model.safetensors');
});

test('what a newer Graft has stored is refused with a sentence and stays as it is', async ({ page }) => {
  await openBlank(page);
  await page.evaluate(`new Promise((resolve, reject) => {
    localStorage.setItem('graft.version', '2');
    localStorage.setItem('graft.theme', '"dark"');
    const request = indexedDB.open('graft-adapters', 2);
    request.onupgradeneeded = () => request.result.createObjectStore('records').put('of a later form', 'x');
    request.onsuccess = () => resolve(request.result.close());
    request.onerror = () => reject(request.error);
  })`);
  await page.goto('./#/library');
  await expect(page.getByText('Cannot open the library: it was written by a newer version of Graft')).toBeVisible();
  await expect(page.getByRole('alert').last()).toContainText('kept by a newer version of Graft (2), need 1');
  await page.getByRole('button', { name: /^Device/ }).waitFor();
  const stored = await page.evaluate(`new Promise((resolve) => {
    const request = indexedDB.open('graft-adapters');
    request.onsuccess = () => {
      const all = request.result.transaction('records').objectStore('records').getAll();
      all.onsuccess = () => resolve([request.result.version, all.result, { ...localStorage }]);
    };
  })`);
  expect(stored).toEqual([2, ['of a later form'], { 'graft.version': '2', 'graft.theme': '"dark"' }]);
});
