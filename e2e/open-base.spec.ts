// Ways to open a base that need no network: dropped files, picked files, a full disk.

import path from 'node:path';
import { dropFiles, expect, openPage, place, ROOT, test } from './support.ts';

const MODEL = path.join(ROOT, 'src/train/testing/fixtures/llama/model');
const FILES = ['config.json', 'model.safetensors'].map((name) => path.join(MODEL, name));

test('a model opens by dropping its files, and by picking them, in the scheme chosen', async ({ page }) => {
  await openPage(page);
  await place(page, 'Base').click();
  const base = page.getByRole('region', { name: 'Base', exact: true });
  await expect(base).toContainText('(q8)');

  await test.step('dropped', async () => {
    await dropFiles(page, FILES);
    await expect(base.getByRole('heading', { level: 1 })).not.toHaveText('Scion');
    await expect(base).toContainText('Chat template');
    await expect(base).toContainText('none: question and answer follow each other as plain text');
  });

  await test.step('picked, after Scion again', async () => {
    await page.getByRole('button', { name: 'Use the bundled Scion' }).click();
    await expect(base.getByRole('heading', { name: 'Scion' })).toBeVisible();
    await page.getByLabel('Model files').setInputFiles(FILES);
    await expect(base.getByRole('heading', { level: 1 })).not.toHaveText('Scion');
  });

  await test.step('in four bits', async () => {
    await page.getByLabel('Weights kept as').selectOption('4-bit, double quantised');
    await expect(base).toContainText('(nf4-dq); embedding and head q8');
  });
});

test('a full disk leaves a choice, and the base works without its copy', async ({ page }) => {
  const session = await page.context().newCDPSession(page);
  await page.goto('./');
  const { origin } = new URL(page.url());
  // Less than Scion takes.
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
  await openPage(page);
  await place(page, 'Base').click();
  const note = page.getByRole('note').filter({ hasText: 'Not kept for the next visit' });
  await expect(note).toContainText('Cannot keep the prepared model for the next opening');
  await expect(page.getByRole('heading', { name: 'Scion' })).toBeVisible();
  await note.getByRole('button', { name: 'Go on without' }).click();
  await expect(note).toBeHidden();
});
