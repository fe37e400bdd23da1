import { describe, expect, it } from 'vitest';
import { type DatasetReport, DEFAULT_SETTINGS, type ModelReport } from '../../engine/protocol.ts';
import { type BugFacts, makeBugRecord, withoutNames } from './bug-record.ts';
import { notedErrors, noteError } from './error-log.ts';

const SECRET = 'Aunt Rosalind';

const BASE = { name: `${SECRET}-model`, family: 'llama', hash: 'ab', licence: SECRET, warnings: [SECRET] };
const DATA = {
  name: `${SECRET}.jsonl`,
  format: 'jsonl',
  mapping: { shape: 'prompt-completion', columns: { prompt: SECRET } },
  columns: [SECRET],
  rows: 12,
  skipped: 1,
  warnings: 0,
};

function facts(change: Partial<BugFacts> = {}): BugFacts {
  return {
    at: '2026-11-25T00:00:00Z',
    browser: 'a browser',
    device: undefined,
    base: { kind: 'files', report: BASE as unknown as ModelReport },
    data: DATA as unknown as DatasetReport,
    settings: DEFAULT_SETTINGS,
    run: {
      phase: 'failed',
      step: 600,
      totalSteps: 900,
      losses: Float64Array.from({ length: 600 }, (_, i) => 1 + i / 3),
      gradNorms: [0.123456789],
      ms: [],
      evals: [],
      faults: [],
    },
    storage: { usageBytes: 1, quotaBytes: 2 },
    errors: [
      { at: '', name: 'DatasetError', message: `Cannot read row 3 of "${SECRET}": found "${SECRET} and`, frames: [] },
    ],
    ...change,
  };
}

describe('makeBugRecord()', () => {
  it('says what happened on what, and nothing of the user’s data', () => {
    const text = makeBugRecord(facts());
    expect(text).not.toContain(SECRET);
    const record = JSON.parse(text);
    expect(record.data).toEqual({ format: 'jsonl', shape: 'prompt-completion', rows: 12, skipped: 1, warnings: 0 });
    expect(record.base).toMatchObject({ source: 'files', family: 'llama', hash: 'ab' });
    expect(record.run.losses).toHaveLength(500);
    expect(record.run.losses.at(-1)).toBe(200.667);
    expect(record.settings).toEqual(DEFAULT_SETTINGS);
    expect(record.errors[0].message).toBe('Cannot read row 3 of "…": found "…"');
  });

  it('says how a learned prompt begins, and not with which words', () => {
    const promptTuning = {
      num_virtual_tokens: 8,
      prompt_tuning_init: 'TEXT',
      prompt_tuning_init_text: SECRET,
    } as const;
    const text = makeBugRecord(facts({ settings: { ...DEFAULT_SETTINGS, method: 'prompt-tuning', promptTuning } }));
    expect(text).not.toContain(SECRET);
    expect(JSON.parse(text).settings.promptTuning).toEqual({ ...promptTuning, prompt_tuning_init_text: '…' });
  });

  it('names a base that everybody knows (so the test above could fail)', () => {
    const report = { ...BASE, name: 'Scion' } as unknown as ModelReport;
    expect(JSON.parse(makeBugRecord(facts({ base: { kind: 'bundled', report } }))).base.name).toBe('Scion');
  });
});

describe('withoutNames()', () => {
  it('keeps what the GPU says of our own buffers', () => {
    const said = 'Cannot allocate "arena 0" (5 bytes): not enough memory';
    expect(withoutNames(said)).toBe(said);
    expect(withoutNames('Cannot open “mine”: found nothing')).toBe('Cannot open "…": found nothing');
  });
});

describe('noteError()', () => {
  it('keeps the last thirty, with places in the code but no host', () => {
    for (let i = 0; i < 40; i++) noteError(new RangeError(`number ${i}`));
    noteError('a text');
    expect(notedErrors()).toHaveLength(30);
    expect(notedErrors().at(-1)).toMatchObject({ name: 'Error', message: 'a text' });
    expect(notedErrors().at(-2)).toMatchObject({ name: 'RangeError', message: 'number 39' });
    const error = new Error('at home');
    error.stack = 'Error: at home\n    at f (https://example.test/assets/worker.js:1:2)\n    at secret thing';
    noteError(error);
    expect(notedErrors().at(-1)!.frames).toEqual(['at f (/assets/worker.js:1:2)']);
  });
});
