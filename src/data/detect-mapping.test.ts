import { expect, test } from 'vitest';
import { DatasetError } from './dataset-error.ts';
import { detectMapping } from './detect-mapping.ts';
import { rowOf } from './testing/data-files.ts';

const detect = (...rows: Record<string, unknown>[]) =>
  detectMapping(rows.map((fields, index) => rowOf(fields, index + 1)));
const turns = [{ role: 'user', content: 'a' }];

test.each([
  [{ text: 'a' }, 'text', { text: 'text' }],
  [{ prompt: 'a', completion: 'b' }, 'prompt-completion', { prompt: 'prompt', completion: 'completion' }],
  [{ question: 'a', answer: 'b' }, 'prompt-completion', { prompt: 'question', completion: 'answer' }],
  [{ query: 'a', response: 'b' }, 'prompt-completion', { prompt: 'query', completion: 'response' }],
  [{ input: 'a', output: 'b' }, 'prompt-completion', { prompt: 'input', completion: 'output' }],
  [{ input: 'a', target: 'b' }, 'prompt-completion', { prompt: 'input', completion: 'target' }],
  [{ 'Prompt ': 'a', COMPLETION: 'b' }, 'prompt-completion', { prompt: 'Prompt ', completion: 'COMPLETION' }],
  [
    { question: 'a', context: 'c', answer: 'b' },
    'prompt-completion',
    { prompt: 'question', input: 'context', completion: 'answer' },
  ],
  [
    { instruction: 'a', input: '', output: 'b', text: 'all' },
    'instruction',
    { prompt: 'instruction', input: 'input', completion: 'output' },
  ],
  [
    { instruction: 'a', context: 'c', response: 'b' },
    'instruction',
    { prompt: 'instruction', input: 'context', completion: 'response' },
  ],
  [
    { instruction: 'a', output: 'b', system: 's' },
    'instruction',
    { prompt: 'instruction', completion: 'output', system: 'system' },
  ],
  [{ id: 1, messages: turns, prompt: 'a' }, 'messages', { messages: 'messages' }],
  [{ messages: '[{"role":"user"}]' }, 'messages', { messages: 'messages' }],
  [{ conversations: [{ from: 'human', value: 'a' }] }, 'sharegpt', { messages: 'conversations' }],
  [{ conversations: turns }, 'messages', { messages: 'conversations' }],
  [{ input_ids: [1, 2], labels: [1, 2], text: 'a' }, 'tokenized', { ids: 'input_ids', labels: 'labels' }],
  [{ input_ids: [1, 2] }, 'tokenized', { ids: 'input_ids' }],
] as const)('detectMapping() reads %j as %s', (fields, shape, columns) => {
  expect(detect(fields)).toEqual({ mapping: { shape, columns }, warning: undefined });
});

test('detectMapping() lets the rows vote, part by part', () => {
  const { mapping } = detect(
    { text: 'odd' },
    { instruction: 'a', output: 'b' },
    { instruction: 'a', input: 'c', output: 'b' },
    { foo: 1 },
  );
  expect(mapping).toEqual({
    shape: 'instruction',
    columns: { prompt: 'instruction', input: 'input', completion: 'output' },
  });
});

test.each([
  [
    { text: 'A long sentence here.', category: 'x' },
    { prompt: 'text', completion: 'category' },
  ],
  [
    { text: 'A long sentence here.', label: 1 },
    { prompt: 'text', completion: 'label' },
  ],
  [
    { article: 'A long sentence here.', summary: 'short one' },
    { prompt: 'article', completion: 'summary' },
  ],
])('detectMapping() proposes a pair for %j and asks to check it', (fields, columns) => {
  const { mapping, warning } = detect(fields);
  expect(mapping).toEqual({ shape: 'prompt-completion', columns });
  expect(warning).toContain('check that this is meant');
});

test('detectMapping() asks for the short category of two unnamed columns, whichever comes first', () => {
  const rows = ['a b c', 'd e f', 'g h i', 'j k l'].map((text, index) => ({
    v1: index % 2 ? 'ham' : 'spam',
    v2: text,
    '': '',
  }));
  expect(detect(...rows).mapping.columns).toEqual({ prompt: 'v2', completion: 'v1' });
  const swapped = rows.map(({ v1, v2 }) => ({ v1: v2, v2: v1 }));
  expect(detect(...swapped).mapping.columns).toEqual({ prompt: 'v1', completion: 'v2' });
});

test('detectMapping() takes two prose columns in their order, and one as text', () => {
  const { mapping, warning } = detect(
    { frage: 'Wie geht es?', antwort: 'Es geht gut.' },
    { frage: 'Und dir?', antwort: 'Auch gut, danke.' },
  );
  expect(mapping.columns).toEqual({ prompt: 'frage', completion: 'antwort' });
  expect(warning).toContain('"frage" is taken as prompt');
  expect(detect({ id: '1', verse: 'Shall I compare thee' }, { id: '2', verse: 'to a summers day' }).mapping).toEqual({
    shape: 'text',
    columns: { text: 'verse' },
  });
});

test('detectMapping() lists the columns when no pair is plausible, with what is in those that hold no text', () => {
  const rows = [{ tree_id: 'a-b', state: 'ready', prompt: { text: 'Hi', replies: [] }, scores: [1] }];
  let error: unknown;
  try {
    detect(...rows);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(DatasetError);
  expect((error as DatasetError).columns).toEqual(['tree_id', 'state', 'prompt', 'scores']);
  expect((error as Error).message).toContain(
    'Cannot read "test.jsonl": found the columns "tree_id", "state", "prompt" (an object with text, replies; nested replies), "scores" (a list), need',
  );
});

test('detectMapping() does not pair ids with states: neither is something to read', () => {
  expect(() => detect({ id: 'abc', state: 'new' }, { id: 'def', state: 'old' })).toThrow(
    'found the columns "id", "state"',
  );
});
