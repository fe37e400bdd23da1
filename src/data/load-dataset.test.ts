import { expect, test } from 'vitest';
import fc from '../testing/fast-check.ts';
import { DatasetError } from './dataset-error.ts';
import { inspectFiles } from './inspect-files.ts';
import { DEFAULT_LOAD_OPTIONS, loadDataset } from './load-dataset.ts';
import { fileOf } from './testing/data-files.ts';
import { createFakeTokenizer } from './testing/fake-tokenizer.ts';
import { countSupervised } from './token-row-builder.ts';

const tokenizer = createFakeTokenizer({ template: 'chatml' });
const load = (content: string, name = 'x.jsonl', options = {}) =>
  loadDataset([fileOf(name, content)], tokenizer, { ...DEFAULT_LOAD_OPTIONS, ...options });
const pair = (prompt: string, completion: string) => `${JSON.stringify({ prompt, completion })}\n`;

test('loadDataset() reports what it read, and its totals are those of its rows', async () => {
  const dataset = await load(pair('a', 'b') + pair('cc', 'dd') + pair('e', ''));
  expect(dataset).toMatchObject({
    name: 'x.jsonl',
    format: 'jsonl',
    mapping: { shape: 'prompt-completion', columns: { prompt: 'prompt', completion: 'completion' } },
    columns: ['prompt', 'completion'],
    usable: 2,
    skipped: [{ file: 'x.jsonl', line: 3, reason: 'no answer to train on: "completion" is empty' }],
  });
  expect(dataset.tokens).toBe(dataset.rows.reduce((sum, row) => sum + row.ids.length, 0));
  expect(dataset.supervisedTokens).toBe(dataset.rows.reduce((sum, row) => sum + countSupervised(row), 0));
  expect(dataset.longestRow).toBe(dataset.rows[1]!.ids.length);
  expect(dataset.rows.map((row) => row.line)).toEqual([1, 2]);
});

test('no row ever disappears: usable and skipped add up to the rows of the file', async () => {
  const line = fc.oneof(
    fc.record({ prompt: fc.string(), completion: fc.string() }).map((row) => JSON.stringify(row)),
    fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
    fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, '')),
    fc.constantFrom(
      '{"prompt": "cut',
      '',
      '   ',
      '{"messages":[]}',
      '{"text":"t"}',
      '{"__proto__":1}',
      '{"input_ids":[1,2]}',
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), fc.integer({ min: 2, max: 60 }), async (lines, maxTokens) => {
      // One good row, so that there is a dataset.
      const content = [...lines, '{"prompt":"a","completion":"b"}', '{"text":"a good row"}'].join('\n');
      const seen = content.split('\n').filter((text) => text.trim() !== '').length;
      const dataset = await load(content, 'x.jsonl', { maxTokens });
      expect(dataset.usable + dataset.skipped.length).toBe(seen);
      expect(new Set(dataset.rows.map((row) => row.line)).size).toBe(dataset.usable);
      for (const row of dataset.rows) {
        expect(row.mask.length).toBe(row.ids.length);
        expect(row.ids.length).toBeLessThanOrEqual(maxTokens);
        expect(countSupervised(row)).toBeGreaterThan(0);
      }
    }),
    { numRuns: 100 },
  );
});

test('every cut row is named, however many there are', async () => {
  const dataset = await load(pair('a', 'x'.repeat(100)).repeat(150), 'x.jsonl', { maxTokens: 40 });
  const cuts = dataset.warnings.filter((notice) => notice.reason.includes('is cut to 40'));
  expect(cuts.map((notice) => notice.line)).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
});

test('a row whose answer would be cut off whole is skipped with its line, never trained with zero labels', async () => {
  const dataset = await load(pair('q', 'a') + pair('x'.repeat(500), 'a'), 'x.jsonl', { maxTokens: 64 });
  expect(dataset.usable).toBe(1);
  expect(dataset.skipped[0]).toMatchObject({
    line: 2,
    reason: 'has 522 tokens: nothing of the answer fits into the first 64',
  });
});

test('warnings of one kind are listed up to a limit and then counted', async () => {
  const { warnings } = await load(pair('1<|im_end|>', 'b').repeat(50));
  const markers = warnings.filter((notice) => notice.reason.includes('marker'));
  expect(markers).toHaveLength(21);
  expect(markers.at(-1)).toMatchObject({
    line: 0,
    reason: expect.stringContaining('30 more lines like: "prompt" holds the marker'),
  });
});

test('repeated rows are counted and kept', async () => {
  const { usable, warnings } = await load(pair('a', 'b') + pair('c', 'd') + pair('a', 'b'));
  expect(usable).toBe(3);
  expect(warnings).toEqual([{ file: 'x.jsonl', line: 0, reason: '1 of 3 rows repeat an earlier row' }]);
});

test('several files are read together; one that cannot be read is named', async () => {
  const files = [
    fileOf('a.jsonl', pair('a', 'b')),
    fileOf('logo.png', Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 0])),
    fileOf('b.csv', 'question,answer\nc,d\ne,f\n'),
    fileOf('open.csv', 'prompt,completion\ng,h\ni,"j\n'),
    fileOf('notes.md', '# Notes'),
  ];
  const dataset = await loadDataset(files, tokenizer, DEFAULT_LOAD_OPTIONS);
  expect(dataset.name).toBe('a.jsonl and 4 more');
  expect(dataset.format).toBe('jsonl + csv + markdown');
  expect(dataset.usable).toBe(4);
  expect(dataset.mapping.columns).toEqual({ prompt: 'question', completion: 'answer' });
  expect(dataset.skipped.map(({ file, line }) => [file, line])).toEqual([
    ['logo.png', 0],
    ['open.csv', 3],
  ]);
  expect(dataset.skipped[1]!.reason).toMatch(/^the file is left out: found a quote that opens here/);
  expect(dataset.rows.map((row) => row.file)).toEqual(['a.jsonl', 'b.csv', 'b.csv', 'notes.md']);
});

test('a file of which nothing can be used is one error that says why', async () => {
  const error = await load(pair('a', '') + pair('b', '')).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DatasetError);
  expect((error as DatasetError).message).toBe(
    'Cannot read "x.jsonl": found 2 rows, of which none can be used (lines 1, 2: no answer to train on: "completion" is empty), ' +
      'need at least one row with text to learn from',
  );
  expect((error as DatasetError).notices).toHaveLength(2);
  await expect(loadDataset([], tokenizer, DEFAULT_LOAD_OPTIONS)).rejects.toThrow('found no file');
});

test('a mapping that the user chose is used as it is', async () => {
  const content = '{"a":"x","b":"y","text":"t"}\n{"text":"t"}\n';
  const mapping = { shape: 'prompt-completion', columns: { prompt: 'a', completion: 'b' } } as const;
  const dataset = await load(content, 'x.jsonl', { mapping });
  expect(dataset.mapping).toEqual(mapping);
  expect(dataset.skipped).toEqual([{ file: 'x.jsonl', line: 2, reason: 'has no "a" and no "b", found "text"' }]);
});

test('the hash depends on ids, masks and row borders, and on nothing else', async () => {
  const hash = async (content: string, options = {}) => (await load(content, 'x.jsonl', options)).hash;
  const first = await hash(pair('a', 'b') + pair('c', 'd'));
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(await hash(`\n${pair('a', 'b')}${pair('c', 'd')}`)).toBe(first);
  expect(await hash(pair('c', 'd') + pair('a', 'b'))).not.toBe(first);
  expect(await hash(pair('a', 'b') + pair('c', 'd'), { completionOnly: false })).not.toBe(first);
  expect(await hash('{"text":"ab"}\n{"text":"c"}', { maxTokens: 9 })).not.toBe(
    await hash('{"text":"a"}\n{"text":"bc"}'),
  );
});

test('loadDataset() stops when it is cancelled, lets the event loop run, and tells how far it is', async () => {
  const content = pair('some question', 'some answer '.repeat(20)).repeat(20_000);
  const abort = new AbortController();
  const done: number[] = [];
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (ticks === 3) abort.abort();
  }, 1);
  const loading = loadDataset(
    [fileOf('x.jsonl', content)],
    tokenizer,
    DEFAULT_LOAD_OPTIONS,
    abort.signal,
    (progress) => {
      done.push(progress.done);
      expect(progress.total).toBe(content.length);
    },
  );
  await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
  clearInterval(timer);
  expect(ticks).toBeGreaterThanOrEqual(3);
  expect(done.length).toBeGreaterThan(0);
  expect(done.at(-1)!).toBeLessThan(content.length);
});

test('inspectFiles() says what a dataset is without a tokenizer', async () => {
  const report = await inspectFiles([fileOf('x.csv', 'text,category\na b c,x\nd e f,y\n,\n')]);
  expect(report).toEqual({
    kind: 'dataset',
    name: 'x.csv',
    format: 'csv',
    shape: 'prompt-completion',
    mapping: { shape: 'prompt-completion', columns: { prompt: 'text', completion: 'category' } },
    rows: 2,
    columns: ['text', 'category'],
    skipped: [{ file: 'x.csv', line: 4, reason: 'the row is empty' }],
    warnings: [
      {
        file: 'x.csv',
        line: 0,
        reason: '"text" is taken as prompt and "category" as completion: check that this is meant',
      },
    ],
  });
});

test('a large file is read at the memory of its parts: the text is never one string', async () => {
  const line = new TextEncoder().encode(pair('q', 'word '.repeat(1000)));
  const copies = 4000;
  let sent = 0;
  const file = {
    name: 'large.jsonl',
    size: line.length * copies,
    stream: () => {
      let left = copies;
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          if (left-- === 0) return controller.close();
          sent += line.length;
          controller.enqueue(line);
        },
      });
    },
  };
  const before = process.memoryUsage().heapUsed;
  let highest = 0;
  const report = await inspectFiles([file], {}, undefined, () => {
    highest = Math.max(highest, process.memoryUsage().heapUsed - before);
  });
  expect(report.rows).toBe(copies);
  expect(sent).toBeGreaterThanOrEqual(file.size);
  // 20 MB of text; as one string with its rows it would stay alive. The bound leaves room for garbage not yet collected.
  expect(highest).toBeLessThan(150e6);
});
