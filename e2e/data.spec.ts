// Data, as a person with a file meets it: look at the rows, mend them, see what the model sees.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { checkFace, checkState } from './axe.ts';
import { dropFiles, expect, openPage, place, test } from './support.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'graft-data-'));
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, content: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

const jsonl = (rows: readonly (readonly [string, string])[]) =>
  rows.map(([prompt, completion]) => JSON.stringify({ prompt, completion })).join('\n');

const ROWS = [
  ['What is the capital of France?', 'Paris is the capital of France.'],
  ['What is the capital of France?', 'Paris is the capital of France.'],
  ['Who wrote to us?', 'ada@example.org did, call +49 30 1234567.'],
  ['Is it raining?', 'Yes.'],
  ['Is it raining?', 'No, the sun is out.'],
  ['Say nothing.', ''],
  ...Array.from({ length: 30 }, (_, i) => [`What comes after ${i}?`, `After ${i} comes ${i + 1}.`] as const),
] as const;

/** What the browser's storage has of the open dataset. */
const KEPT_STATE = `new Promise((resolve, reject) => {
  const opening = indexedDB.open('graft-dataset');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const reading = opening.result.transaction('dataset').objectStore('dataset').get('dataset');
    reading.onerror = () => reject(reading.error);
    reading.onsuccess = () => {
      opening.result.close();
      resolve(JSON.stringify(reading.result?.state ?? null));
    };
  };
})`;

const table = (page: Page) => page.getByRole('region', { name: 'Rows', exact: true });
const lines = (page: Page) => table(page).getByRole('rowgroup').getByRole('row');
const counts = (page: Page) => table(page).getByRole('status');

test('rows are found, edited, deleted, written and brought back', async ({ page }) => {
  await openPage(page);
  await dropFiles(page, [fileOf('questions.jsonl', jsonl(ROWS))]);
  await expect(counts(page)).toHaveText('36 rows');

  await test.step('search finds a row by its words', async () => {
    await page.getByRole('searchbox', { name: 'Search the rows' }).fill('AFTER 17?');
    await expect(counts(page)).toHaveText('1 row');
    await expect(lines(page)).toContainText('After 17 comes 18.');
  });

  await test.step('an edit is there at once, and undo takes it back', async () => {
    await page.getByRole('button', { name: 'Edit the row of line 24' }).click();
    const dialog = page.getByRole('dialog', { name: 'questions.jsonl, line 24' });
    await dialog.getByRole('textbox', { name: 'completion' }).fill('Eighteen comes after seventeen.');
    await checkFace(page, 'data-edit');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(lines(page)).toContainText('Eighteen comes after seventeen.');
    await expect(lines(page)).toContainText('edited');
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect(lines(page)).toContainText('After 17 comes 18.');
    await page.getByRole('button', { name: 'Redo', exact: true }).click();
    await expect(lines(page)).toContainText('Eighteen comes after seventeen.');
  });

  await test.step('rows that are not used say why', async () => {
    await page.getByRole('searchbox', { name: 'Search the rows' }).fill('');
    await page.getByRole('combobox', { name: 'Show' }).selectOption('rows that are not used');
    await expect(counts(page)).toHaveText('1 row');
    await expect(lines(page)).toContainText('no answer to train on');
    await page.getByRole('combobox', { name: 'Show' }).selectOption('all rows');
  });

  await test.step('a deleted row is gone, a written one is there', async () => {
    await page.getByRole('button', { name: 'Delete the row of line 1', exact: true }).click();
    await expect(counts(page)).toHaveText('35 rows');
    await page.getByRole('button', { name: 'Write a row' }).click();
    const dialog = page.getByRole('dialog', { name: 'A row by hand' });
    await dialog.getByRole('textbox', { name: 'prompt' }).fill('Who are you?');
    await dialog.getByRole('textbox', { name: 'completion' }).fill('A shoot on a rootstock.');
    await dialog.getByRole('button', { name: 'Add the row' }).click();
    await expect(counts(page)).toHaveText('36 rows');
  });

  await test.step('what is pasted stands behind it', async () => {
    await page.getByRole('button', { name: 'Paste' }).click();
    const dialog = page.getByRole('dialog', { name: 'Paste rows or text' });
    await dialog.getByRole('textbox', { name: 'Rows or text' }).fill('prompt\tcompletion\nOne?\tTwo.\nThree?\tFour.');
    await dialog.getByRole('button', { name: 'Add it' }).click();
    await expect(counts(page)).toHaveText('38 rows');
    await expect(page.getByRole('heading', { name: 'questions.jsonl and 2 more' })).toBeVisible();
  });

  await test.step('the rows are saved as they are now', async () => {
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as JSONL' }).click();
    const saved = readFileSync(await (await coming).path(), 'utf8')
      .trimEnd()
      .split('\n');
    expect(saved).toHaveLength(38);
    expect(saved.join('\n')).toContain('Eighteen comes after seventeen.');
    expect(JSON.parse(saved.at(-1)!)).toEqual({ prompt: 'Three?', completion: 'Four.' });
  });
});

test('rows and edits are there again after a reload, and files dropped on them ask first', async ({ page }) => {
  await openPage(page);
  await dropFiles(page, [fileOf('kept.jsonl', jsonl(ROWS))]);
  await page.getByRole('button', { name: 'Delete the row of line 1', exact: true }).click();
  await expect(counts(page)).toHaveText('35 rows');
  await page.getByRole('textbox', { name: 'System prompt' }).fill('Be brief.');
  await page.getByRole('textbox', { name: 'System prompt' }).blur();
  await expect(page.getByRole('region', { name: 'Rows as the model sees them' })).toContainText('Be');
  // What was typed is written a moment later; nothing on the page says so.
  await expect.poll(() => page.evaluate<string>(KEPT_STATE)).toContain('Be brief.');
  await page.reload();
  await expect(page.getByRole('heading', { name: 'kept.jsonl' })).toBeVisible({ timeout: 3 * 60_000 });
  await expect(counts(page)).toHaveText('35 rows');
  await expect(page.getByRole('textbox', { name: 'System prompt' })).toHaveValue('Be brief.');

  await dropFiles(page, [fileOf('more.jsonl', jsonl([['One?', 'Two.']]))]);
  const asks = page.getByRole('dialog', { name: 'There is a dataset with edits' });
  await expect(asks).toBeVisible();
  await checkState(page, 'data-replace');
  await asks.getByRole('button', { name: 'Put them behind' }).click();
  await expect(counts(page)).toHaveText('36 rows');
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(counts(page)).toHaveText('37 rows');
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect.poll(() => page.evaluate<string>(KEPT_STATE)).toBe('null');
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Teach a language model to answer your way' })).toBeVisible();
});

test('data doctor finds what is wrong and mends it with one click each', async ({ page }) => {
  await openPage(page);
  await dropFiles(page, [fileOf('ill.jsonl', jsonl(ROWS))]);
  const doctor = page.getByRole('region', { name: 'Data doctor' });
  const finding = (name: string) => doctor.getByRole('group').filter({ hasText: name });
  await expect(finding('Looks like personal data')).toBeVisible();
  await expect(finding('Repeated rows').first()).toContainText('1');

  await finding('Looks like personal data').getByText('Looks like personal data').click();
  await expect(finding('Looks like personal data')).toContainText('ada@example.org');
  await checkFace(page, 'data-doctor');
  await doctor.getByRole('button', { name: 'Replace by [e-mail], [telephone], [card]' }).click();
  await expect(finding('Looks like personal data')).toHaveCount(0);
  await page.getByRole('searchbox', { name: 'Search the rows' }).fill('wrote to us');
  await expect(counts(page)).toHaveText('1 row');
  await expect(lines(page)).toContainText('[e-mail] did, call [telephone].');
  await page.getByRole('searchbox', { name: 'Search the rows' }).fill('');

  await finding('Conflicting answers').getByText('Conflicting answers').click();
  await finding('Conflicting answers').getByRole('button', { name: 'Show them' }).click();
  await expect(counts(page)).toHaveText('2 rows');
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(finding('Looks like personal data')).toBeVisible();
});

test('a template of one’s own shows what rows become before it is used', async ({ page }) => {
  await openPage(page);
  const csv = 'subject,text,label\nOffer,buy now,spam\nHello,see you,ham\nPrize,you won,spam\n';
  await dropFiles(page, [fileOf('mail.csv', csv)]);
  const mapping = page.getByRole('region', { name: 'How it is read' });
  await mapping.getByRole('combobox', { name: 'Shape' }).selectOption('Your own template');
  await mapping.getByRole('textbox', { name: 'Prompt', exact: true }).fill('Is this spam? {{subject}}: {{text}}');
  await mapping.getByRole('textbox', { name: 'Answer', exact: true }).fill('It is {{label}}.');
  const preview = mapping.getByRole('region', { name: 'What the first rows become' });
  await expect(preview).toContainText('Is this spam? Offer: buy now');
  await expect(preview).toContainText('It is ham.');
  await checkFace(page, 'data-template');
  await mapping.getByRole('button', { name: 'Use this template' }).click();
  await expect(lines(page).first()).toContainText('Is this spam? Offer: buy now');
  await mapping.getByRole('textbox', { name: 'System prompt' }).fill('You sort mail.');
  await mapping.getByRole('textbox', { name: 'System prompt' }).blur();
  await expect(page.getByRole('region', { name: 'Rows as the model sees them' })).toContainText('You');
});

test('x-ray colours tokens by loss, and a token shows what else would have been said', async ({ page }) => {
  await openPage(page);
  await dropFiles(page, [fileOf('xray.jsonl', jsonl(ROWS))]);
  const xray = page.getByRole('region', { name: 'Rows as the model sees them' });
  await expect(xray.getByRole('button', { name: /trained on, loss \d/ }).first()).toBeVisible({ timeout: 3 * 60_000 });
  const learned = xray.getByRole('button', { name: /trained on, loss \d/ });
  const name = (await learned.first().getAttribute('aria-label'))!;
  await learned.first().focus();
  await expect(xray.getByText(/^loss [\d.]+ · .+ likely$/)).toBeVisible();
  await page.keyboard.press('ArrowRight');
  await expect(learned.nth(1)).toBeFocused();
  await learned.first().click();
  const guesses = xray.getByRole('region', { name: /What would have been said/ });
  await expect(guesses.getByRole('listitem')).toHaveCount(5, { timeout: 3 * 60_000 });
  await checkFace(page, 'data-xray');
  const stands = Number((await guesses.getByText(/stands here/).textContent())!.match(/([\d.]+) %/)![1]) / 100;
  const loss = Number(name.match(/loss ([\d.]+)/)![1]);
  expect(Math.exp(-loss), 'loss and probability say the same').toBeCloseTo(stands, 2);

  await page.getByRole('button', { name: 'Rank the rows' }).click();
  await expect(page.getByText(/Half of the answers have a loss of/)).toBeVisible({ timeout: 5 * 60_000 });
  await expect(page.getByRole('combobox', { name: 'Order' })).toHaveValue('hardest');
  await checkFace(page, 'data-ranked');
});

test('the colours follow a run', async ({ page }) => {
  await openPage(page);
  await dropFiles(page, [fileOf('run.jsonl', jsonl(ROWS.slice(6)))]);
  await place(page, 'Train').click();
  await page.getByRole('radio', { name: 'Steps' }).check();
  await page.getByRole('region', { name: 'Settings' }).getByRole('spinbutton', { name: 'Steps' }).fill('2000');
  await page.getByRole('region', { name: 'Run', exact: true }).getByRole('button', { name: 'Start training' }).click();
  const xray = page.getByRole('region', { name: 'Rows as the model sees them' });
  await expect(xray.getByText('Colours follow the run.')).toBeVisible({ timeout: 3 * 60_000 });
  const learned = xray.getByRole('button', { name: /trained on, loss \d/ });
  await expect(learned.first()).toBeVisible({ timeout: 3 * 60_000 });
  const losses = () =>
    learned.evaluateAll((tokens) => tokens.map((token) => token.getAttribute('aria-label')).join('; '));
  const seen = await losses();
  await expect.poll(losses, { timeout: 3 * 60_000, message: 'the losses move' }).not.toBe(seen);
  await page.getByRole('button', { name: 'Stop and keep' }).click();
  await expect(page.getByText(/^Stopped/).first()).toBeVisible({ timeout: 3 * 60_000 });
});
