// Real files in the formats people bring, and hostile ones with the outcome each should have.
import { expect, test } from 'vitest';
import { DatasetError } from './dataset-error.ts';
import { type DatasetInspection, inspectFiles } from './inspect-files.ts';
import { DEFAULT_LOAD_OPTIONS, loadDataset } from './load-dataset.ts';
import { readAll, sharedFile, sharedMissing, sharedPaths, sharedText } from './testing/data-files.ts';
import { createFakeTokenizer, IM_END } from './testing/fake-tokenizer.ts';
import { countSupervised } from './token-row-builder.ts';
import type { Notice } from './types.ts';

interface Expected {
  readonly file: string;
  readonly outcome: 'accept' | 'warn' | 'error';
  readonly good_rows: number | null;
  readonly bad_lines: readonly number[];
}

const reason = sharedMissing ? ` (SKIPPED: ${sharedMissing})` : '';
const sharedTest = sharedMissing ? test.skip : test;
const hostile: Expected[] = sharedMissing ? [] : JSON.parse(sharedText('hostile/expected.json')).files;
const tokenizer = createFakeTokenizer({ template: 'chatml' });

if (sharedMissing) test.skip(`hostile files have their expected outcome${reason}`, () => undefined);

/** What a user is told: the report, or the error with its notices. */
async function outcomeOf(
  path: string,
): Promise<{ report?: DatasetInspection; notices: readonly Notice[]; message: string }> {
  try {
    const report = await inspectFiles([sharedFile(path)]);
    return { report, notices: [...report.skipped, ...report.warnings], message: '' };
  } catch (error) {
    // Anything else is a crash.
    if (!(error instanceof DatasetError)) throw error;
    return { notices: error.notices, message: error.message };
  }
}

for (const { file, outcome, good_rows, bad_lines } of hostile) {
  test(`hostile/${file} has the outcome "${outcome}"`, async () => {
    const { report, notices, message } = await outcomeOf(`hostile/${file}`);
    expect(report === undefined).toBe(outcome === 'error');
    if (report === undefined) {
      expect(message).toMatch(new RegExp(`^Cannot read "${file}"( at line \\d+)?: .+, need .+`));
      for (const line of bad_lines)
        expect(`${message} ${JSON.stringify(notices)}`).toMatch(new RegExp(`\\b${line}\\b`));
    } else {
      if (good_rows !== null) expect(report.rows).toBe(good_rows);
      if (outcome === 'accept') expect(report.warnings).toEqual([]);
      else expect(notices.length).toBeGreaterThan(0);
      const named = new Set(notices.map((notice) => notice.line));
      for (const line of bad_lines) expect(named).toContain(line);
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    for (const notice of notices) expect(notice.file).toBe(file);
  });

  if (outcome === 'error') continue;
  test(`hostile/${file} becomes rows that can be trained on`, async () => {
    const dataset = await loadDataset([sharedFile(`hostile/${file}`)], tokenizer, DEFAULT_LOAD_OPTIONS);
    for (const row of dataset.rows) {
      expect(countSupervised(row)).toBeGreaterThan(0);
      expect(row.ids.length).toBeLessThanOrEqual(DEFAULT_LOAD_OPTIONS.maxTokens);
      expect(tokenizer.decode(row.ids)).not.toMatch(/\[object Object\]|(assistant|user)\nnull/);
    }
  });
}

sharedTest(`hostile/special-tokens.jsonl holds no special token but the template's${reason}`, async () => {
  const { rows } = await loadDataset([sharedFile('hostile/special-tokens.jsonl')], tokenizer, DEFAULT_LOAD_OPTIONS);
  for (const row of rows) expect([...row.ids].filter((id) => id === IM_END)).toHaveLength(2);
});

sharedTest(`hostile/windows-1252.csv keeps its letters${reason}`, async () => {
  const { rows } = await loadDataset([sharedFile('hostile/windows-1252.csv')], tokenizer, DEFAULT_LOAD_OPTIONS);
  expect(rows.map((row) => tokenizer.decode(row.ids)).join('')).toMatch(/Café[\s\S]*€12 “quoted” it’s/);
});

sharedTest(
  `hostile/long-row.jsonl: the answer that would be cut off whole is dropped, the long one is cut${reason}`,
  async () => {
    const dataset = await loadDataset([sharedFile('hostile/long-row.jsonl')], tokenizer, DEFAULT_LOAD_OPTIONS);
    expect(dataset.skipped.map((notice) => notice.line)).toEqual([2]);
    expect(
      dataset.warnings.filter((notice) => notice.reason.includes('is cut to')).map((notice) => notice.line),
    ).toEqual([3]);
    expect(dataset.usable).toBe(2);
  },
);

const REAL = [
  ['gsm8k-5000.jsonl', 5000, 'prompt-completion', { prompt: 'question', completion: 'answer' }],
  ['dolly-templated.jsonl', 151, 'prompt-completion', { prompt: 'prompt', completion: 'answer' }],
  ['dolly-keys.jsonl', 151, 'instruction', { prompt: 'instruction', input: 'context', completion: 'response' }],
  // The table counts 5,574 physical lines; quoted line ends leave 5,572 records, as Python's csv module reads them.
  ['sms-spam.csv', 5572, 'prompt-completion', { prompt: 'masseges', completion: 'label' }],
  ['sms-noheader.tsv', 5574, 'prompt-completion', { prompt: 'column 2', completion: 'column 1' }],
  ['tinyshakespeare.txt', 1, 'text', { text: 'text' }],
  ['wikisql-text.jsonl', 1000, 'text', { text: 'text' }],
  ['superbowl-prompt-completion.jsonl', 1800, 'prompt-completion', { prompt: 'prompt', completion: 'completion' }],
  ['sharegpt-identity.json', 500, 'sharegpt', { messages: 'conversations' }],
  ['sharegpt-toolcall.json', 300, 'sharegpt', { messages: 'conversations' }],
  ['alpaca-identity.json', 91, 'instruction', { prompt: 'instruction', input: 'input', completion: 'output' }],
  ['messages-parts.jsonl', 500, 'messages', { messages: 'messages' }],
  ['messages-pirate.jsonl', 10, 'messages', { messages: 'messages' }],
  ['banking77-train.csv', 10003, 'prompt-completion', { prompt: 'text', completion: 'category' }],
  ['gsm8k-train.parquet', 7473, 'prompt-completion', { prompt: 'question', completion: 'answer' }],
  ['banking77-utf16le-bom.tsv', 800, 'prompt-completion', { prompt: 'text', completion: 'category' }],
] as const;

for (const [file, rows, shape, columns] of REAL) {
  sharedTest(`${file} gives ${rows} rows of ${shape}${reason}`, async () => {
    const report = await inspectFiles([sharedFile(file)]);
    expect(report.rows).toBe(rows);
    expect(report.mapping).toEqual({ shape, columns });
    expect(report.skipped).toEqual([]);
  });
}

sharedTest(`already templated prompts and unfilled placeholders are noted${reason}`, async () => {
  const templated = await inspectFiles([sharedFile('dolly-templated.jsonl')]);
  expect(templated.warnings.some((notice) => notice.reason.includes('already wrapped in a prompt template'))).toBe(
    true,
  );
  const alpaca = await inspectFiles([sharedFile('alpaca-identity.json')]);
  expect(alpaca.warnings.some((notice) => notice.reason.includes('{{name}}'))).toBe(true);
});

sharedTest(`a folder of Markdown pages is read together, a page a row${reason}`, async () => {
  const pages = [
    'api-plugin',
    'assets',
    'build',
    'cli',
    'env-and-mode',
    'features',
    'performance',
    'philosophy',
    'ssr',
    'why',
  ];
  const files = pages.map((page) => sharedFile(`vite-docs/${page}.md`));
  const dataset = await loadDataset(files, tokenizer, { ...DEFAULT_LOAD_OPTIONS, maxTokens: 512 });
  expect(dataset.usable).toBe(pages.length);
  expect(dataset.longestRow).toBe(512);
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  expect(dataset.supervisedTokens).toBeGreaterThan(bytes * 0.95);
});

sharedTest(`tinyshakespeare is split into chunks that are learned whole${reason}`, async () => {
  const dataset = await loadDataset([sharedFile('tinyshakespeare.txt')], tokenizer, {
    ...DEFAULT_LOAD_OPTIONS,
    maxTokens: 1024,
  });
  const text = sharedText('tinyshakespeare.txt').trim();
  // One token a byte, the end of the document, and nothing before the first byte to learn it from.
  expect(dataset.supervisedTokens).toBe(text.length);
  expect(dataset.warnings).toEqual([]);
});

const UNUSABLE = [
  [
    'oasst-trees-en-100.jsonl',
    '"prompt" (an object with message_id, text, role, lang, review_count, review_result; nested replies)',
  ],
  ['parquet-variants/large_string_map.brotli.parquet', 'found a row group of 2147 MB, need row groups of at most'],
  ['fivethirtyeight-cabinet-turnover.csv', '"president", "position", "appointee"'],
  ['fivethirtyeight-bachelorette.csv', '"SHOW", "SEASON", "CONTESTANT"'],
  ['fivethirtyeight-biopics.csv', '"title", "site", "country"'],
  ['parquet-variants/nested_structs.rust.parquet', 'found the columns "roll_num" (an object with min, max, mean'],
  ['parquet-variants/datapage_v1-corrupt-checksum.parquet', 'found the columns "a", "b"'],
  ['parquet-variants/alltypes_plain.snappy.parquet', 'found the columns "id", "bool_col"'],
] as const;

for (const [file, message] of UNUSABLE) {
  sharedTest(`${file} is refused by one message that names what is in it${reason}`, async () => {
    await expect(inspectFiles([sharedFile(file)])).rejects.toThrow(message);
  });
}

sharedTest(`every shared file gives rows or one clear message; the table says which${reason}`, async () => {
  const table: Record<string, string>[] = [];
  for (const path of sharedPaths()) {
    const { report, notices, message } = await outcomeOf(path);
    const found = report ? `${report.rows} rows, ${report.format}, ${report.shape}` : message;
    table.push({ file: path, found: found.slice(0, 90), notices: String(notices.length) });
    if (report === undefined) expect(message).toMatch(/^Cannot read "[^"]+"( at line \d+)?: .+, need .+/);
    else expect(report.rows).toBeGreaterThan(0);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  }
  expect(table.length).toBeGreaterThan(60);
  console.table(table);
});

sharedTest(`damaged pages of a Parquet file are named, and a sound file has none${reason}`, async () => {
  const damaged = await readAll(sharedFile('parquet-variants/datapage_v1-corrupt-checksum.parquet'));
  expect(damaged.warnings.map((notice) => notice.reason)).toEqual([
    'a page of "a" has a wrong checksum: its values may be damaged',
    'a page of "b" has a wrong checksum: its values may be damaged',
  ]);
  const whole = await readAll(sharedFile('gsm8k-train.parquet'));
  expect(whole.warnings).toEqual([]);
});

sharedTest(`Parquet gives the same rows as the JSONL that it was made from${reason}`, async () => {
  const parquet = await readAll(sharedFile('gsm8k-train.parquet'));
  const jsonl = await readAll(sharedFile('gsm8k-5000.jsonl'));
  const question = (row: { fields: Record<string, unknown> }) => row.fields.question;
  const known = new Map(parquet.rows.map((row) => [question(row), row.fields.answer]));
  expect(jsonl.rows.filter((row) => known.get(question(row)) === row.fields.answer).length).toBe(jsonl.rows.length);
});

const PARQUET = [
  ['delta_byte_array.parquet', 1000, 9, 'c_customer_id', 'AAAAAAAAIODAAAAA'],
  ['byte_stream_split.zstd.parquet', 300, 2, 'f32', 1.7640523910522461],
  ['lz4_raw_compressed_larger.parquet', 10000, 1, 'a', 'c7ce6bef-d5b0-4863-b199-8ea8c7fb117b'],
  ['alltypes_plain.snappy.parquet', 2, 11, 'id', 6],
  ['list_columns.parquet', 3, 2, 'int64_list', [1, 2, 3]],
] as const;

for (const [file, rows, columns, column, value] of PARQUET) {
  sharedTest(`parquet-variants/${file} is decoded${reason}`, async () => {
    const read = await readAll(sharedFile(`parquet-variants/${file}`));
    expect(read.rows.length).toBe(rows);
    expect(Object.keys(read.rows[0]!.fields).length).toBe(columns);
    expect(read.rows[0]!.fields[column]).toEqual(value);
    expect(read.warnings).toEqual([]);
  });
}

sharedTest(`a table without an obvious pair loads once the user has picked columns${reason}`, async () => {
  const mapping = { shape: 'prompt-completion', columns: { prompt: 'appointee', completion: 'position' } } as const;
  const report = await inspectFiles([sharedFile('fivethirtyeight-cabinet-turnover.csv')], { mapping });
  expect(report.rows + report.skipped.length).toBe(379);
});
