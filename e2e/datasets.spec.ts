// Every file of the shared datasets, dropped one by one on the page: what it shows is what their README asks. (The engine's own answers
// are held to it by src/data/shared-datasets.test.ts; here it is the page that has to say them.)

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { checkFace, keepPicture } from './axe.ts';
import { dropFiles, expect, openPage, ROOT, test } from './support.ts';

const FOLDER = path.join(ROOT, '../shared/datasets');
const isMissing = !existsSync(FOLDER);

/** Rows of the table, the shape that is read, and a word of the first row; or the sentence that says why there are none. */
interface Seen {
  readonly rows: number;
  readonly shape: string;
  readonly says: RegExp;
}

const PAIR = 'Prompt and completion';
const GOOD: Readonly<Record<string, Seen>> = {
  'gsm8k-5000.jsonl': { rows: 5000, shape: PAIR, says: /Natalia sold clips/ },
  'gsm8k-train.parquet': { rows: 7473, shape: PAIR, says: /Natalia sold clips/ },
  'dolly-templated.jsonl': { rows: 151, shape: PAIR, says: /already wrapped in a prompt template/ },
  'dolly-keys.jsonl': { rows: 151, shape: 'Instruction, input, output', says: /Prompt column/ },
  'sms-spam.csv': { rows: 5572, shape: PAIR, says: /Go until jurong point/ },
  'sms-noheader.tsv': { rows: 5574, shape: PAIR, says: /no header row found/ },
  'tinyshakespeare.txt': { rows: 1, shape: 'Plain text', says: /First Citizen/ },
  'wikisql-text.jsonl': { rows: 1000, shape: 'Plain text', says: /table: 1-1000181-1/ },
  'superbowl-prompt-completion.jsonl': { rows: 1800, shape: PAIR, says: /Super Bowl/ },
  'sharegpt-identity.json': { rows: 500, shape: 'Chat (ShareGPT)', says: /Vicuna/ },
  'sharegpt-toolcall.json': { rows: 300, shape: 'Chat (ShareGPT)', says: /Chat column/ },
  'alpaca-identity.json': { rows: 91, shape: 'Instruction, input, output', says: /\{\{name\}\}/ },
  'messages-parts.jsonl': { rows: 500, shape: 'Chat (messages)', says: /Chat column/ },
  'messages-pirate.jsonl': { rows: 10, shape: 'Chat (messages)', says: /Chat column/ },
  'banking77-train.csv': { rows: 10003, shape: PAIR, says: /I am still waiting on my card/ },
  'banking77-utf16le-bom.tsv': { rows: 800, shape: PAIR, says: /How do I locate my card/ },
};

/** Nothing in them is a prompt with its answer: the page says what there is, and offers to choose among it. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'oasst-trees-en-100.jsonl': /"prompt" \(an object with message_id/,
  'fivethirtyeight-cabinet-turnover.csv': /"president", "position", "appointee"/,
  'fivethirtyeight-bachelorette.csv': /"SHOW", "SEASON", "CONTESTANT"/,
  'fivethirtyeight-biopics.csv': /"title", "site", "country"/,
};

interface Hostile {
  readonly file: string;
  readonly outcome: 'accept' | 'warn' | 'error';
  readonly good_rows: number | null;
  readonly bad_lines: readonly number[];
}

const main = (page: Page) => page.getByRole('main', { name: 'Data' });
const summary = (page: Page) => main(page).getByRole('region', { name: 'Data', exact: true });

/** Drops a file and waits until the page has said what it makes of it. */
async function open(page: Page, file: string): Promise<'rows' | 'refused'> {
  const name = path.basename(file);
  await dropFiles(page, [path.join(FOLDER, file)]);
  await expect(summary(page).getByRole('heading', { name, exact: true })).toBeVisible();
  const refused = summary(page).getByRole('alert');
  const counts = summary(page).getByRole('definition');
  await expect(refused.or(counts).first()).toBeVisible({ timeout: 3 * 60_000 });
  await expect(summary(page).getByRole('button', { name: 'Stop reading' })).toHaveCount(0, { timeout: 3 * 60_000 });
  return (await refused.count()) > 0 ? 'refused' : 'rows';
}

const shape = (page: Page) =>
  main(page).getByRole('combobox', { name: 'Shape' }).locator('option:checked').textContent();
const rowsSaid = (page: Page) => main(page).getByRole('region', { name: 'Rows', exact: true }).getByRole('status');
const said = (n: number) => `${n.toLocaleString('en-US')} ${n === 1 ? 'row' : 'rows'}`;

test.skip(isMissing, 'no ../shared/datasets beside the repository');

test('each shared dataset shows its rows and how they are read, or says why not', async ({ page }) => {
  await openPage(page);
  for (const [file, { rows, shape: wanted, says }] of Object.entries(GOOD)) {
    await test.step(file, async () => {
      expect(await open(page, file)).toBe('rows');
      await expect(rowsSaid(page)).toHaveText(said(rows));
      expect(await shape(page)).toBe(wanted);
      await expect(main(page)).toContainText(says);
      await keepPicture(page, `dataset-${file}`);
    });
  }
  for (const [file, says] of Object.entries(REFUSED)) {
    await test.step(file, async () => {
      expect(await open(page, file)).toBe('refused');
      await expect(summary(page).getByRole('alert')).toContainText(says);
      await keepPicture(page, `dataset-${file}`);
    });
  }
  for (const file of readdirSync(path.join(FOLDER, 'parquet-variants'))) {
    await test.step(file, async () => {
      if ((await open(page, `parquet-variants/${file}`)) === 'refused')
        await expect(summary(page).getByRole('alert')).toContainText(/Cannot read "[^"]+".*: .+, need .+/);
      else await expect(rowsSaid(page)).toHaveText(/^\d[\d,]* rows?$/);
      await keepPicture(page, `dataset-${file}`);
    });
  }
});

test('each hostile dataset is taken, mended or refused as it should be, and the page lives', async ({ page }) => {
  const files: readonly Hostile[] = JSON.parse(readFileSync(path.join(FOLDER, 'hostile/expected.json'), 'utf8')).files;
  await openPage(page);
  for (const { file, outcome, good_rows, bad_lines } of files) {
    await test.step(file, async () => {
      const seen = await open(page, `hostile/${file}`);
      expect(seen, file).toBe(outcome === 'error' ? 'refused' : 'rows');
      if (seen === 'refused')
        await expect(summary(page).getByRole('alert')).toContainText(/Cannot read "[^"]+".*: .+, need .+/);
      const notices = main(page).getByRole('region', { name: /^(Skipped rows|Warnings)$/ });
      // An empty row is left out and said to be; that is no warning.
      if (outcome === 'accept') await expect(main(page).getByRole('region', { name: 'Warnings' })).toHaveCount(0);
      const text = (await notices.allTextContents()).join(' ') + (await summary(page).textContent());
      for (const line of bad_lines)
        expect(text, `${file} names line ${line}`).toMatch(new RegExp(`line ${line}\\D|${line}(,| and)| ${line}\\b`));
      if (good_rows && seen === 'rows') {
        const used = await summary(page).getByRole('definition').first().textContent();
        // As the model sees them: a row without an answer after it is cut is none.
        expect(Number(used?.replaceAll(',', '')), file).toBe(file === 'long-row.jsonl' ? good_rows - 1 : good_rows);
      }
      await expect(main(page)).not.toContainText('[object Object]');
      expect(await page.evaluate('[globalThis.__xss, ({}).polluted]')).toEqual([undefined, undefined]);
      await keepPicture(page, `hostile-${file}`);
    });
  }
  await open(page, 'hostile/truncated.jsonl');
  await checkFace(page, 'hostile-warned');
  await open(page, 'hostile/unclosed-quote.csv');
  await checkFace(page, 'hostile-refused');
});
