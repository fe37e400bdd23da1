import { expect, test, vi } from 'vitest';
import fc from '../testing/fast-check.ts';
import { type BuildOptions, EditableDataset } from './editable-dataset.ts';
import { hashRows } from './hash-rows.ts';
import { DEFAULT_LOAD_OPTIONS, loadDataset } from './load-dataset.ts';
import { fileOf, sharedFile, sharedMissing } from './testing/data-files.ts';
import { createFakeTokenizer } from './testing/fake-tokenizer.ts';
import type { DataFile } from './types.ts';

const tokenizer = createFakeTokenizer({ template: 'chatml' });
const pair = (prompt: string, completion: string) => `${JSON.stringify({ prompt, completion })}\n`;

async function open(files: readonly DataFile[], options: Partial<BuildOptions> = {}) {
  const dataset = new EditableDataset();
  await dataset.read(files);
  const build = () => dataset.build(tokenizer, { ...DEFAULT_LOAD_OPTIONS, ...options });
  await build();
  return { dataset, build };
}

const fieldsOf = (prompt: string, completion: string) => new Map(Object.entries({ prompt, completion }));

test('EditableDataset gives the rows and notices that a plain reading gives', async () => {
  const content = `${pair('a', 'b')}not json\n${pair('c', '')}${pair('a', 'b')}{"text":"other shape"}\n`;
  const { dataset } = await open([fileOf('x.jsonl', content)]);
  const plain = await loadDataset([fileOf('x.jsonl', content)], tokenizer, DEFAULT_LOAD_OPTIONS);
  const { rows, skipped, warnings, usable } = dataset.fitted;
  expect(await hashRows(rows)).toBe(plain.hash);
  expect({ skipped, warnings, usable }).toEqual({
    skipped: plain.skipped,
    warnings: plain.warnings,
    usable: plain.usable,
  });
});

test('at any length and either way with long rows it makes the rows of a reading at that length', async () => {
  const content = Array.from({ length: 12 }, (_, i) => pair('p'.repeat(i * 3), 'c'.repeat(1 + i * 5))).join('');
  const text = fileOf('t.txt', 'some longer text '.repeat(20));
  const { dataset } = await open([fileOf('x.jsonl', content), text], { maxTokens: 20 });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 120 }),
      fc.constantFrom('truncate', 'split', 'drop') as fc.Arbitrary<BuildOptions['longRows']>,
      async (maxTokens, longRows) => {
        const options = { ...DEFAULT_LOAD_OPTIONS, maxTokens, longRows };
        await dataset.build(tokenizer, options);
        const plain = await loadDataset([fileOf('x.jsonl', content), text], tokenizer, options).catch(() => undefined);
        expect(await hashRows(dataset.fitted.rows)).toBe(plain?.hash ?? (await hashRows([])));
      },
    ),
    { numRuns: 60 },
  );
});

test('whatever is edited, deleted, added, undone and made again, the books say what a fitting from the start says', async () => {
  const content = Array.from({ length: 9 }, (_, i) => pair(`p${i % 4}`, i === 5 ? '' : 'c'.repeat(1 + i * 4))).join('');
  const files = () => [fileOf('x.jsonl', content), fileOf('t.txt', 'some longer text '.repeat(6))];
  const at = fc.nat(9);
  const step = fc.oneof(
    fc.record({ do: fc.constant('edit' as const), at, length: fc.nat(50) }),
    fc.record({ do: fc.constant('delete' as const), at }),
    fc.record({ do: fc.constantFrom('add' as const, 'undo' as const, 'redo' as const, 'look' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const options = { maxTokens: 30, longRows: 'split' } as const;
      const { dataset, build } = await open(files(), options);
      for (const one of steps) {
        if (one.do === 'edit') dataset.change('edit', [[one.at, fieldsOf('q', 'x'.repeat(one.length))]]);
        else if (one.do === 'delete') dataset.change('delete', [[one.at, undefined]]);
        else if (one.do === 'add') dataset.add('add', fieldsOf('written', 'by hand'));
        else if (one.do === 'look') void dataset.fitted;
        else dataset[one.do]();
        await build();
      }
      const fresh = new EditableDataset({ state: structuredClone(dataset.state), blocks: dataset.store.blocks });
      await fresh.build(tokenizer, { ...DEFAULT_LOAD_OPTIONS, ...options });
      expect(dataset.fitted).toEqual(fresh.fitted);
      expect(dataset.rowCount).toBe(fresh.rowCount);
    }),
    { numRuns: 150 },
  );
});

test('who looks while rows are built sees what there is, and the last fitting has all of it', async () => {
  const rows = 1000;
  const file = fileOf('x.jsonl', Array.from({ length: rows }, (_, i) => pair(`question ${i}`, `answer ${i}`)).join(''));
  const { dataset } = await open([file]);
  const wanted = await Promise.all(
    [true, false].map(async (completionOnly) => (await open([file], { completionOnly })).dataset.fitted),
  );
  for (let at = 100; at <= rows; at += 100) {
    // Prompts are learned too, or no longer: every row is built anew.
    const isOdd = at % 200 !== 0;
    const looks: Promise<number>[] = [];
    await dataset.build(tokenizer, { ...DEFAULT_LOAD_OPTIONS, completionOnly: !isOdd }, undefined, (done) => {
      if (done === at) looks.push(dataset.fit().then(({ usable, pending }) => usable + pending));
    });
    expect(await Promise.all(looks)).toContain(rows);
    expect(dataset.fitted, `a look at row ${at}`).toEqual(wanted[isOdd ? 1 : 0]);
  }
});

test('a change while many changes are fitted loses none of them', async () => {
  const file = fileOf('x.jsonl', Array.from({ length: 800 }, (_, i) => pair(`question ${i}`, `answer ${i}`)).join(''));
  const { dataset, build } = await open([file]);
  dataset.change(
    'delete',
    Array.from({ length: 600 }, (_, i) => [i, undefined] as const),
  );
  const look = dataset.fit();
  dataset.change('delete', [[700, undefined]]);
  await build();
  expect((await look).usable).toBe(199);
  expect(dataset.fitted.origin).toEqual(Array.from({ length: 200 }, (_, i) => 600 + i).filter((i) => i !== 700));
});

test('fit() lets others have their turn, and leaves nothing to do', async () => {
  const { dataset } = await open([fileOf('x.jsonl', Array.from({ length: 50 }, (_, i) => pair(`${i}`, 'a')).join(''))]);
  dataset.change('delete', [[3, undefined]]);
  let clock = 0;
  const now = vi.spyOn(performance, 'now').mockImplementation(() => (clock += 1000)); // every row takes a second
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  try {
    const fitted = await dataset.fit();
    expect(turns).toBeGreaterThan(2);
    expect(fitted.usable).toBe(49);
    expect(dataset.fitted).toBe(fitted);
  } finally {
    now.mockRestore();
    clearInterval(timer);
  }
});

test('a dataset that was kept before its versions were packed is opened', async () => {
  const { dataset } = await open([fileOf('x.jsonl', pair('a', 'b') + pair('c', 'd'))]);
  dataset.change('delete', [[0, undefined]]);
  const { state } = dataset;
  const versions = [0, 1].map((index) => dataset.store.version(index));
  const rows = { ...state.rows, versions, fileOf: [...(state.rows.fileOf as Uint32Array)], lineOf: [1, 2] };
  const again = new EditableDataset({ state: { ...state, rows }, blocks: dataset.store.blocks });
  expect(again.rowCount).toBe(1);
  expect(again.store.row(1)).toEqual(dataset.store.row(1));
});

test('an edit, a deletion and a row by hand change what is trained on; undo brings back every bit', async () => {
  const { dataset, build } = await open([fileOf('x.jsonl', pair('a', 'b') + pair('c', 'd') + pair('e', ''))]);
  const hash = () => hashRows(dataset.fitted.rows);
  const first = await hash();
  expect(dataset.skippedOf(2)).toMatch(/no answer to train on/);

  dataset.change('edited', [[2, fieldsOf('e', 'f')]]);
  await build();
  expect(dataset.fitted.usable).toBe(3);
  expect(dataset.fitted.skipped).toEqual([]);
  dataset.change('deleted', [
    [0, undefined],
    [1, undefined],
  ]);
  await build();
  const added = dataset.add('added', fieldsOf('g', 'h'));
  await build();
  expect(dataset.fitted.origin).toEqual([2, added]);
  const plain = await loadDataset(
    [fileOf('y.jsonl', pair('e', 'f') + pair('g', 'h'))],
    tokenizer,
    DEFAULT_LOAD_OPTIONS,
  );
  expect(await hash()).toBe(plain.hash);

  for (let i = 0; i < 3; i++) dataset.undo();
  await build();
  expect(await hash()).toBe(first);
  expect(dataset.fitted.skipped.length).toBe(1);
  for (let i = 0; i < 3; i++) dataset.redo();
  await build();
  expect(await hash()).toBe(plain.hash);
});

test('building that is stopped goes on where it was, and says how many rows wait', async () => {
  const abort = new AbortController();
  const content = Array.from({ length: 2000 }, (_, i) => pair(`question ${i}`, 'an answer '.repeat(20))).join('');
  const dataset = new EditableDataset();
  await dataset.read([fileOf('x.jsonl', content)]);
  await dataset.build(tokenizer, DEFAULT_LOAD_OPTIONS, abort.signal, (done) => done >= 500 && abort.abort());
  const { usable, pending } = dataset.fitted;
  expect(usable).toBeGreaterThan(0);
  expect(pending).toBeGreaterThan(0);
  expect(usable + pending).toBe(2000);
  expect(dataset.problem).toBeUndefined();
  await dataset.build(tokenizer, DEFAULT_LOAD_OPTIONS);
  expect(dataset.fitted.usable).toBe(2000);
});

test('reading that is stopped keeps what it has, and notes that the rest is missing', async () => {
  const abort = new AbortController();
  const file = fileOf('x.jsonl', pair('a', 'b').repeat(200_000));
  const dataset = new EditableDataset();
  await dataset.read([file], abort.signal, ({ done }) => done > 1_000_000 && abort.abort());
  expect(dataset.store.length).toBeGreaterThan(1000);
  await dataset.build(tokenizer, DEFAULT_LOAD_OPTIONS);
  expect(dataset.fitted.warnings.some(({ reason }) => reason.startsWith('reading was stopped after'))).toBe(true);
});

test('a dataset that was kept comes back with its edits, its notices and its undo', async () => {
  const { dataset, build } = await open([fileOf('x.jsonl', `${pair('a', 'b')}not json\n${pair('c', 'd')}`)]);
  const first = await hashRows(dataset.fitted.rows);
  dataset.change('edited', [[0, fieldsOf('a', 'changed')]]);
  const added = dataset.add('added', fieldsOf('e', 'f'));
  await build();
  const kept = structuredClone({ state: dataset.state, blocks: dataset.store.blocks });

  const back = new EditableDataset(kept);
  await back.build(tokenizer, DEFAULT_LOAD_OPTIONS);
  expect(await hashRows(back.fitted.rows)).toBe(await hashRows(dataset.fitted.rows));
  expect(back.fitted.skipped).toEqual(dataset.fitted.skipped);
  expect([back.name, back.columns, back.log.canUndo]).toEqual([dataset.name, dataset.columns, 'added']);
  back.change('edited again', [[added, fieldsOf('e', 'g')]]);
  for (let i = 0; i < 3; i++) back.undo();
  await back.build(tokenizer, DEFAULT_LOAD_OPTIONS);
  expect(await hashRows(back.fitted.rows)).toBe(first);
});

test('a broken file leaves no rows behind, and the others load', async () => {
  const bad = fileOf('bad.json', `[${'{"prompt":"a","completion":"b"},'.repeat(5000)}]`);
  const { dataset } = await open([bad, fileOf('good.jsonl', pair('a', 'b'))]);
  expect(dataset.name).toBe('good.jsonl');
  expect(dataset.fitted.usable).toBe(1);
  expect(dataset.fitted.skipped[0]!.reason).toMatch(/^the file is left out:/);
  await expect(new EditableDataset().read([bad])).rejects.toThrow(/^Cannot read "bad.json"/);
});

test('rows without a usable one say why, and an edit mends them', async () => {
  const { dataset, build } = await open([fileOf('x.jsonl', pair('a', ''))]);
  expect(dataset.problem?.message).toMatch(/^Cannot read "x.jsonl": found 1 row, which cannot be used/);
  dataset.change('edited', [[0, fieldsOf('a', 'b')]]);
  await build();
  expect(dataset.problem).toBeUndefined();
});

const sharedTest = sharedMissing ? test.skip : test;
sharedTest(
  `every kind of shared file gives the hash of a plain reading${sharedMissing ? ` (SKIPPED: ${sharedMissing})` : ''}`,
  async () => {
    for (const name of [
      'sms-noheader.tsv',
      'sharegpt-toolcall.json',
      'hostile/mixed-keys.jsonl',
      'hostile/wrong-roles.jsonl',
    ]) {
      const { dataset } = await open([sharedFile(name)]);
      const plain = await loadDataset([sharedFile(name)], tokenizer, DEFAULT_LOAD_OPTIONS);
      expect(await hashRows(dataset.fitted.rows), name).toBe(plain.hash);
      expect(dataset.fitted.skipped, name).toEqual(plain.skipped);
      expect(dataset.mapping, name).toEqual(plain.mapping);
    }
  },
);

test('fitting and hashing let the event loop run between rows, and whoever cannot wait takes them to their end', async () => {
  const rows = 300;
  const content = Array.from({ length: rows }, (_, i) => pair(`row ${i}`, 'is long enough to be cut')).join('');
  const { dataset } = await open([fileOf('x.jsonl', content)]);
  const shorter = (maxTokens: number) => dataset.build(tokenizer, { ...DEFAULT_LOAD_OPTIONS, maxTokens });
  const hash = await dataset.hash();
  let [now, turns] = [0, 0];
  // Every look at the clock is a second later, so that each breath is one.
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
  const timer = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void) => {
    turns++;
    return setImmediate(work);
  }) as unknown as typeof setTimeout);
  const turnsOf = async (work: () => Promise<unknown>) => {
    turns = 0;
    await work();
    return turns;
  };
  try {
    expect(await turnsOf(() => shorter(40))).toBeGreaterThanOrEqual(2 * rows);
    const { fitted } = dataset;
    expect(fitted.longestRow).toBe(40);
    expect(await turnsOf(() => dataset.hash())).toBe(rows);
    // Asked for in the middle, it is what the rest of the fitting comes to.
    const building = shorter(30);
    await new Promise(setImmediate);
    expect(dataset.fitted.longestRow).toBe(30);
    expect(await turnsOf(() => building)).toBeLessThan(rows);
    // An edit of one row fits one.
    dataset.change('edit', [[7, fieldsOf('short', 'one')]]);
    await shorter(30);
    expect(dataset.fitted.rows[dataset.fitted.firstRow[7]!]!.ids.length).toBeLessThan(30);
    dataset.undo();
    await shorter(DEFAULT_LOAD_OPTIONS.maxTokens);
  } finally {
    clock.mockRestore();
    timer.mockRestore();
  }
  expect(await dataset.hash()).toBe(hash);
});

/** A file of which the browser gives `good` bytes at most: then reading fails as it does there. */
function failing(name: string, content: string, good: number, failure: Error): DataFile {
  const stream = () => {
    let isGiven = good === 0;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (isGiven) return controller.error(failure);
        isGiven = true;
        controller.enqueue(new TextEncoder().encode(content.slice(0, good)));
      },
    });
  };
  return { name, size: content.length, stream };
}

test('a file that changed or went away since it was chosen is named, and keeps no other from being read', async () => {
  const content = pair('a', 'b').repeat(9);
  const gone =
    'found it gone (moved, renamed or deleted since it was chosen), need the file as it is now, chosen again';
  const changed =
    'found it changed since it was chosen, or no longer allowed to be read, need the file as it is now, chosen again';
  await expect(open([failing('x.jsonl', content, 0, new DOMException('', 'NotFoundError'))])).rejects.toThrow(
    `Cannot read "x.jsonl": ${gone}`,
  );
  // What Chromium's stream of such a file says.
  await expect(open([failing('x.jsonl', content, 50, new TypeError('network error'))])).rejects.toThrow(
    'Cannot read "x.jsonl": found it changed, moved or deleted since it was chosen, need the file as it is now',
  );
  const files = [
    fileOf('good.jsonl', pair('c', 'd')),
    failing('half.jsonl', content, 100, new DOMException('', 'NotReadableError')),
    failing('parquet.parquet', 'PAR1', 4, new DOMException('', 'NotReadableError')),
    fileOf('more.jsonl', pair('e', 'f')),
  ];
  const { dataset } = await open(files);
  expect(dataset.fitted.usable).toBe(2);
  expect(dataset.fitted.skipped).toEqual(
    ['half.jsonl', 'parquet.parquet'].map((file) => ({ file, line: 0, reason: `the file is left out: ${changed}` })),
  );
});
