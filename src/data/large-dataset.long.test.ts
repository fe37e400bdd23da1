// A dataset at the size that the page promises to bear: 200,000 rows and 300 MB. Measured are memory, the longest stretch that
// the worker would not answer for, and what the table's questions take.
import { expect, test } from 'vitest';
import { timeLimit } from '../testing/time-limit.ts';
import { checkUp } from './doctor/check-up.ts';
import { EditableDataset } from './editable-dataset.ts';
import { lengthHistogram } from './length-histogram.ts';
import { createReadContext } from './read-context.ts';
import { searchRows } from './search-rows.ts';
import { createFakeTokenizer } from './testing/fake-tokenizer.ts';
import { longestStretch, MAX_STRETCH_MS } from './testing/longest-stretch.ts';
import type { DataFile } from './types.ts';

const ROWS = 200_000;
const SENTENCE = 'the quick brown fox jumps over the lazy dog and thinks about it ';

/** About `rowBytes` a row, made while they are read. */
function largeFile(rowBytes: number): DataFile {
  const filler = SENTENCE.repeat(Math.ceil(rowBytes / SENTENCE.length)).slice(0, rowBytes - 60);
  const line = (i: number) =>
    `{"prompt":"question number ${i}","completion":"${i % 1000 === 7 ? 'needle ' : ''}${i} ${filler}"}\n`;
  let size = 0;
  for (let i = 0; i < ROWS; i++) size += line(i).length;
  const stream = () => {
    let i = 0;
    const encoder = new TextEncoder();
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (i >= ROWS) return controller.close();
        let block = '';
        for (const end = Math.min(ROWS, i + 200); i < end; i++) block += line(i);
        controller.enqueue(encoder.encode(block));
      },
    });
  };
  return { name: 'large.jsonl', size, stream };
}

/** Does something and says what it took; the worker would have answered meanwhile. */
async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const { result, ms, longestMs, lastMs } = await longestStretch(work);
  const { rss } = process.memoryUsage();
  console.log(
    `${what}: ${Math.round(ms)} ms, longest stretch ${Math.round(longestMs)} ms (the last ${Math.round(lastMs)} ms), ${Math.round(rss / 1e6)} MB`,
  );
  expect(longestMs, what).toBeLessThan(timeLimit(MAX_STRETCH_MS));
  return result;
}

test('200,000 rows of 300 MB are read, searched and edited in little memory, and the worker keeps answering', async () => {
  const file = largeFile(1500);
  console.log(
    `${ROWS} rows, ${Math.round(file.size / 1e6)} MB; before: ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
  );
  const dataset = new EditableDataset();
  await timed('reading', () => dataset.read([file]));
  expect(dataset.store.length).toBe(ROWS);
  expect(dataset.store.byteLength).toBeLessThan(file.size * 1.2);

  const abort = new AbortController();
  const options = { maxTokens: 256, longRows: 'truncate', completionOnly: true } as const;
  const tokenizer = createFakeTokenizer({ template: 'chatml' });
  await timed('a tenth of the tokens, then stopped', () =>
    dataset.build(tokenizer, options, abort.signal, (done) => done >= ROWS / 10 && abort.abort()),
  );
  expect(dataset.fitted.pending).toBeGreaterThan(0);

  const context = createReadContext(0);
  const all = Array.from({ length: ROWS }, (_, i) => i);
  const found = await timed('searching', () => searchRows(dataset.store, 'NEEDLE', all, context));
  expect(found.length).toBe(ROWS / 1000);
  const before = performance.now();
  for (let i = 0; i < 50; i++) dataset.example(100_000 + i);
  console.log(`a window of 50 rows: ${(performance.now() - before).toFixed(1)} ms`);
  dataset.change('edit', [
    [
      150_000,
      new Map([
        ['prompt', 'a'],
        ['completion', 'b'],
      ]),
    ],
  ]);
  dataset.undo();
  expect(dataset.store.row(150_000).fields.get('prompt')).toBe('question number 150000');
});

test('200,000 short rows are cut, fitted, measured and looked through', async () => {
  const dataset = new EditableDataset();
  await timed('reading', () => dataset.read([largeFile(120)]));
  const tokenizer = createFakeTokenizer({ template: 'chatml' });
  const options = { maxTokens: 256, longRows: 'truncate', completionOnly: true } as const;
  await timed('cutting', () => dataset.build(tokenizer, options));
  const { usable } = await timed('fitting', async () => dataset.fitted);
  expect(usable).toBe(ROWS);
  const { rows } = await timed('lengths', async () => lengthHistogram(dataset.lengths(), 100));
  expect(rows).toBe(ROWS);
  await timed('an edit', async () => {
    dataset.change('edit', [
      [
        5,
        new Map([
          ['prompt', 'a'],
          ['completion', 'b'],
        ]),
      ],
    ]);
    await dataset.build(tokenizer, options);
    return dataset.fitted;
  });
  const findings = await timed('data doctor', () => checkUp(dataset, new Set(), createReadContext(0)));
  expect(findings).toEqual([]);
});
