import { beforeAll, describe, expect, it } from 'vitest';
import {
  type DatasetOptions,
  type EngineApi,
  type Fields,
  type Progress,
  RUNNING_ADAPTER,
  type RunEvent,
} from './protocol.ts';
import { memoryEngine, openTiny, SETTINGS } from './testing/memory-host.ts';

const OPTIONS: DatasetOptions = { maxTokens: 96, longRows: 'truncate', completionOnly: true };
const SPLIT = { validationSplit: 0.2, seed: 1 };
const ALL = { search: '', show: 'all', sort: 'file' } as const;

const fileOf = (rows: readonly (readonly [string, string])[], name = 'x.jsonl') =>
  new File([rows.map(([prompt, completion]) => JSON.stringify({ prompt, completion })).join('\n')], name);
const fields = (prompt: string, completion: string): Fields => Object.entries({ prompt, completion });

let engine: EngineApi;
beforeAll(async () => {
  engine = memoryEngine().engine;
  await openTiny(engine);
});

async function open(rows: readonly (readonly [string, string])[]) {
  return engine.data.openDataset([fileOf(rows)], OPTIONS, () => {});
}
const shown = async (query: Partial<Parameters<EngineApi['data']['queryRows']>[0]> = {}) =>
  engine.data.queryRows({ ...ALL, ...query }, SPLIT, 0, 100);
const answers = async (query = {}) => (await shown(query)).rows.map(({ answer }) => answer).join(' ');

describe('the table', () => {
  it('finds rows by what they say, whatever the case, and never by the names of their fields', async () => {
    await open([
      ['one', 'Alpha'],
      ['two "quoted"', 'beta'],
      ['three\nlines', 'gamma'],
    ]);
    expect(await answers({ search: 'ALPHA' })).toBe('Alpha');
    expect(await answers({ search: '"quoted"' })).toBe('beta');
    expect(await answers({ search: 'three\nlines' })).toBe('gamma');
    expect(await answers({ search: 'completion' })).toBe('');
    const chat = {
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'yes' },
      ],
    };
    await engine.data.openDataset([new File([JSON.stringify(chat)], 'x.jsonl')], OPTIONS, () => {});
    expect((await shown({ search: 'content' })).total).toBe(0);
    expect((await shown({ search: 'HI' })).total).toBe(1);
  });

  it('deletes all rows that a question finds, and undo brings them back', async () => {
    await open([
      ['keep', 'me'],
      ['drop', 'this one'],
      ['drop', 'that one'],
      ['empty', ''],
    ]);
    const report = await engine.data.deleteFound({ ...ALL, search: 'DROP' }, SPLIT);
    expect([report.tableRows, report.undo]).toEqual([2, 'Deletion of 2 rows']);
    await engine.data.deleteFound({ ...ALL, show: 'skipped' }, SPLIT);
    expect(await answers()).toBe('me');
    expect((await engine.data.deleteFound({ ...ALL, search: 'nowhere' }, SPLIT)).undo).toBe('Deletion of a row');
    await engine.data.undo();
    await engine.data.undo();
    expect((await shown()).total).toBe(4);
  });

  it('becomes a file that gives the same rows again, edits and all', async () => {
    await open([
      ['one', 'Alpha'],
      ['two', 'gone'],
      ['three\nlines', '"quoted" \u2028'],
    ]);
    await engine.data.editRow(0, fields('one', 'changed'));
    await engine.data.deleteRows([1]);
    const file = await engine.data.exportRows();
    const lines = (await file.text()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { prompt: 'one', completion: 'changed' },
      { prompt: 'three\nlines', completion: '"quoted" \u2028' },
    ]);
    await engine.data.openDataset([new File([file], 'again.jsonl')], OPTIONS, () => {});
    expect(await answers()).toBe('changed "quoted" \u2028');
  });

  it('gives a window of the rows, and says which are not used and why', async () => {
    await open(Array.from({ length: 50 }, (_, i) => [`p${i}`, i === 7 ? '' : `a${i}`] as const));
    const window = await engine.data.queryRows(ALL, SPLIT, 5, 5);
    expect(window.total).toBe(50);
    expect(window.rows.map(({ prompt, line }) => [prompt, line])).toEqual(
      [5, 6, 7, 8, 9].map((i) => [i === 7 ? '' : `p${i}`, i + 1]),
    );
    expect(window.rows[2]!.skipped).toMatch(/no answer to train on/);
    expect((await shown({ show: 'skipped' })).total).toBe(1);
    const reason = expect.stringMatching(/no answer to train on/);
    expect(await engine.data.notices('skipped', 0, 10)).toEqual([{ file: 'x.jsonl', line: 8, reason }]);
    expect(await engine.data.notices('skipped', 1, 10)).toEqual([]);
    const { train, validation } = await engine.data.splitRows(SPLIT);
    expect(train + validation).toBe(49);
    expect((await shown()).rows.filter(({ side }) => side === 'validation').length).toBe(validation);
  });

  it('edits belong to the dataset: its hash, its rows and what a run trains on; undo brings the first hash back', async () => {
    await open([
      ['a', 'one'],
      ['b', 'two'],
      ['c', 'three'],
    ]);
    const first = await engine.data.datasetHash();
    expect(await engine.data.editRow(1, fields('b', 'changed'))).toMatchObject({ undo: 'Edit of a row' });
    const edited = await engine.data.datasetHash();
    expect(edited).not.toBe(first);
    expect(edited).toBe(
      await memoryHash([
        ['a', 'one'],
        ['b', 'changed'],
        ['c', 'three'],
      ]),
    );
    await engine.data.deleteRows([0]);
    await engine.data.addRow(fields('d', 'four'), OPTIONS);
    expect(await answers()).toBe('changed three four');
    expect(await answers({ show: 'edited' })).toBe('changed four');
    for (let i = 0; i < 3; i++) await engine.data.undo();
    await engine.data.redo();
    expect(await engine.data.datasetHash()).toBe(edited);
    const undone = await engine.data.undo();
    expect(await engine.data.datasetHash()).toBe(first);
    expect(undone.undo).toBeUndefined();
  });

  async function memoryHash(rows: readonly (readonly [string, string])[]) {
    const other = memoryEngine().engine;
    await openTiny(other);
    await other.data.openDataset([fileOf(rows)], OPTIONS, () => {});
    return other.data.datasetHash();
  }

  it('takes more files, and a row by hand where there is nothing yet', async () => {
    await engine.data.closeDataset();
    await expect(engine.data.rowFields(0)).rejects.toThrow('found no open dataset');
    const own = await engine.data.addRow(fields('q', 'a'), OPTIONS);
    expect(own).toMatchObject({ rows: 1, name: 'written by hand', columns: ['prompt', 'completion'] });
    const more = await engine.data.addFiles([fileOf([['x', 'y']], 'more.jsonl')], OPTIONS, () => {});
    expect(more).toMatchObject({ rows: 2, name: 'written by hand and 1 more' });
    await expect(engine.data.addFiles([new File([''], 'empty.txt')], OPTIONS, () => {})).resolves.toMatchObject({
      rows: 2,
    });
  });

  it('knows how all its rows put a question, and what is trained on them keeps it', async () => {
    const chat = (system: string, question: string) =>
      JSON.stringify({
        messages: [
          { role: 'system', content: system },
          { role: 'user', content: question },
          { role: 'assistant', content: 'yes' },
        ],
      });
    const openChats = (lines: readonly string[], options = {}) =>
      engine.data.openDataset([new File([lines.join('\n')], 'chats.jsonl')], { ...OPTIONS, ...options }, () => {});
    const differing = await openChats([chat('Be kind.', 'a'), chat('Be rude.', 'b')]);
    expect(differing.prompting).toBeUndefined();
    expect((await open([['a', 'b']])).prompting).toBeUndefined();
    const own = { systemPrompt: 'Be brief.' };
    const template = { prompt: 'Q: {{prompt}}', completion: '{{completion}}' };
    const mapping = { shape: 'template', columns: {}, template } as const;
    const worded = await engine.data.remapDataset({ ...OPTIONS, ...own, mapping }, () => {});
    expect(worded.prompting).toEqual({ system: 'Be brief.', wording: 'Q: {{prompt}}' });
    const chats = ['a', 'b', 'c', 'd'].map((question) => chat('Be kind.', question));
    expect(await openChats(chats, own)).toMatchObject({ prompting: { system: 'Be kind.' } });
    const train = (seqLen: number) => engine.run.train('s', 'kind', { ...SETTINGS, epochs: 1, seqLen }, () => {});
    await expect(train(8)).rejects.toThrow('nothing of the answer fits into the first 8');
    const { adapterId } = await train(96);
    const find = async (library: typeof engine.library) =>
      (await library.listAdapters()).find(({ id }) => id === adapterId)?.prompting;
    expect(await find(engine.library)).toEqual({ system: 'Be kind.' });
    const restored = memoryEngine().engine;
    await openTiny(restored);
    const backup = new File([await engine.library.backup({}, () => {})], 'backup.zip');
    await restored.library.restoreBackup(backup, () => {});
    expect(await find(restored.library), 'a backup has it too').toEqual({ system: 'Be kind.' });
  });

  it('refuses to change rows while a run trains on them, and lets them be looked at', async () => {
    await open(Array.from({ length: 10 }, (_, i) => [`row ${i}`, `is ${i}`] as const));
    const seen: string[] = [];
    const waits: Promise<void>[] = [];
    await engine.run.train('r', 'A', { ...SETTINGS, epochs: 2 }, (event: RunEvent) => {
      if (event.type !== 'step' || event.step !== 2) return;
      waits.push(
        engine.data.editRow(0, fields('x', 'y')).then(
          () => {},
          (error: Error) => void seen.push(error.message),
        ),
      );
      waits.push(shown().then(({ total }) => void seen.push(String(total))));
    });
    await Promise.all(waits);
    expect(seen.sort()).toEqual(['10', 'Cannot change the data: a run is going on; stop it first']);
  });

  it('reading that is cancelled keeps the table, and goes on when asked to', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => [`question ${i}`, `answer ${i} `.repeat(8)] as const);
    const report = await engine.data.openDataset([fileOf(rows)], OPTIONS, (progress: Progress) => {
      // The first that is told of them: a fast machine is through before a second.
      if (progress.unit === 'rows') void engine.data.cancelReading();
    });
    expect(report.pending).toBeGreaterThan(0);
    expect(report.rows).toBeGreaterThan(0);
    expect((await shown()).total).toBe(3000);
    const whole = await engine.data.remapDataset(OPTIONS, () => {});
    expect(whole).toMatchObject({ pending: 0, rows: 3000 });
  });
});

describe('mapping and template', () => {
  it('shows how rows would read under a template before anything is changed', async () => {
    await open([
      ['Who?', 'Ada'],
      ['When?', ''],
    ]);
    const mapping = {
      shape: 'template',
      columns: {},
      template: { prompt: 'Q: {{prompt}}', completion: '{{completion}}!' },
    } as const;
    const [first, second] = await engine.data.tryMapping(mapping, 'Be brief.', 3);
    expect(first!.messages.map(({ content }) => content)).toEqual(['Be brief.', 'Q: Who?', 'Ada!']);
    expect(first!.rendered).toContain('Ada!');
    expect(second!.problem).toMatch(/"completion" is empty/);
    const report = await engine.data.remapDataset({ ...OPTIONS, mapping, systemPrompt: 'Be brief.' }, () => {});
    expect(report.mapping).toEqual(mapping);
    expect(await answers({ show: 'used' })).toBe('Ada!');
  });

  it('lengths say what another limit would cut', async () => {
    await open([
      ['a', 'b'],
      ['a', 'c'.repeat(40)],
      ['p'.repeat(60), 'd'],
    ]);
    const [least] = (await shown()).rows.map(({ tokens }) => tokens!);
    const short = await engine.data.lengths(least!);
    expect(short).toMatchObject({ rows: 3, longer: 2, lost: 1 });
    expect(short.bins.reduce((sum, bin) => sum + bin.rows, 0)).toBe(3);
    expect((await engine.data.lengths(short.longest)).longer).toBe(0);
  });
});

describe('data doctor', () => {
  const ILL = [
    ['What is Graft?', 'A tool'],
    ['What is Graft?', 'A tool'],
    ['what is graft', 'a tool.'],
    ['Colour?', 'red'],
    ['Colour?', 'blue'],
    ['Mail?', 'ada@example.org or 4111 1111 1111 1111'],
    ['Odd?', 'a\u200bb'],
    ['Empty?', ''],
    ...Array.from({ length: 30 }, (_, i) => [`question ${i}`, `answer ${i}`] as const),
  ] as const;

  it('finds each illness with its rows, and changes nothing', async () => {
    await open(ILL);
    const before = await engine.data.datasetHash();
    const findings = new Map((await engine.data.checkUp(SPLIT, () => {})).map((one) => [one.kind, one]));
    expect(findings.get('repeats')).toMatchObject({ rows: 1, examples: [{ index: 1, line: 2 }] });
    expect(findings.get('near-repeats')!.examples.map(({ line }) => line)).toEqual([3]);
    expect(findings.get('conflicts')).toMatchObject({ rows: 2 });
    expect(findings.get('personal-data')!.examples[0]!.text).toBe('e-mail: ada@example.org');
    expect(findings.get('odd-characters')!.examples[0]!.text).toBe('U+200B');
    expect(findings.get('empty-answers')).toMatchObject({ rows: 1 });
    await engine.data.remapDataset(OPTIONS, () => {});
    expect(await engine.data.datasetHash()).toBe(before);
    expect(await answers({ show: 'conflicts' })).toBe('red blue');
  });

  it('mends each by one step that can be undone, and a healthy dataset has no findings', async () => {
    await open(ILL);
    const before = await engine.data.datasetHash();
    for (const kind of [
      'repeats',
      'near-repeats',
      'conflicts',
      'personal-data',
      'odd-characters',
      'empty-answers',
      'leaks',
    ] as const) {
      const found = await engine.data.checkUp(SPLIT, () => {});
      if (found.some((one) => one.kind === kind)) await engine.data.fix(kind, SPLIT);
    }
    expect(await engine.data.checkUp(SPLIT, () => {})).toEqual([]);
    expect(await answers({ search: 'mail' })).toBe('[e-mail] or [card]');
    expect(await answers({ search: 'odd' })).toBe('ab');
    let report = await engine.data.undo();
    while (report.undo !== undefined) report = await engine.data.undo();
    expect(await engine.data.datasetHash()).toBe(before);
  });

  it('finds prompts that stand on both sides of the split, and takes them out until none is left', async () => {
    const twice = Array.from({ length: 40 }, (_, i) => [`question ${i % 20}`, `answer ${i}`] as const);
    await open(twice);
    const [leak] = (await engine.data.checkUp(SPLIT, () => {})).filter(({ kind }) => kind === 'leaks');
    expect(leak!.rows).toBeGreaterThan(0);
    await engine.data.fix('leaks', SPLIT);
    const after = await engine.data.checkUp(SPLIT, () => {});
    expect(after.some(({ kind }) => kind === 'leaks')).toBe(false);
  });

  it('a check can be cancelled', async () => {
    await open(Array.from({ length: 4000 }, (_, i) => [`question ${i}`, `answer ${i} `.repeat(40)] as const));
    const check = engine.data.checkUp(SPLIT, () => void engine.data.cancelCheck());
    await expect(check).rejects.toThrow(/abort/i);
  });
});

describe('ranking and x-ray', () => {
  it('ranks rows by the loss that the x-ray shows of their answers', async () => {
    await open(Array.from({ length: 12 }, (_, i) => [`question ${i}`, `answer ${'abc'.repeat(i % 5)}`] as const));
    const ranking = await engine.data.rankRows(() => {});
    expect(ranking.scored).toBe(12);
    const hardest = (await shown({ sort: 'hardest' })).rows;
    expect(hardest.map(({ loss }) => loss!)).toEqual(hardest.map(({ loss }) => loss!).sort((a, b) => b - a));
    for (const { tokenRow, loss } of hardest) {
      const { losses } = await engine.xray.losses(tokenRow!, null);
      const [preview] = await engine.data.previewRows(tokenRow!, 1);
      const learned = [...losses].filter((_, i) => preview!.tokens[i]!.supervised);
      expect(learned.reduce((a, b) => a + b, 0) / learned.length).toBeCloseTo(loss!, 4);
    }
  });

  it('the loss of a token is what its probability says, and the five likeliest are in order', async () => {
    await open([
      ['row', 'is long enough'],
      ['other', 'row'],
    ]);
    const { losses } = await engine.xray.losses(0, null);
    expect(losses[0]).toBeNaN();
    for (const at of [1, losses.length - 1]) {
      const [guess] = await engine.xray.guesses(0, at, [null]);
      expect(-Math.log(guess!.probability)).toBeCloseTo(losses[at]!, 3);
      const probabilities = guess!.choices.map(({ probability }) => probability);
      expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
      expect(probabilities.length).toBe(5);
    }
    await expect(engine.xray.guesses(0, 0, [null])).rejects.toThrow('Cannot look at token 0');
  });

  it('looks through the eyes of the run while it trains, and the run stays the same to the bit', async () => {
    const rows = Array.from({ length: 10 }, (_, i) => [`row ${i}`, `is ${i * i}`] as const);
    const train = async (look: boolean) => {
      await open(rows);
      const told: number[] = [];
      const looks: Promise<number>[] = [];
      await engine.run.train('r', 'A', { ...SETTINGS, epochs: 6 }, (event: RunEvent) => {
        if (event.type !== 'step') return;
        told.push(event.loss);
        if (look && [2, 20].includes(event.step))
          looks.push(
            engine.xray.losses(0, RUNNING_ADAPTER).then(({ losses }) => losses.slice(1).reduce((a, b) => a + b, 0)),
          );
      });
      return { told, looks: await Promise.all(looks) };
    };
    const alone = await train(false);
    const watched = await train(true);
    expect(watched.told).toEqual(alone.told);
    expect(watched.looks[1]).not.toBe(watched.looks[0]);
    await expect(engine.xray.losses(0, RUNNING_ADAPTER)).rejects.toThrow('found none that goes on');
  });
});
