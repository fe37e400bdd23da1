import { expect, test } from 'vitest';
import { rowOf } from './testing/data-files.ts';
import { toExamples } from './testing/to-examples.ts';
import type { Example, Mapping } from './types.ts';

const PAIR: Mapping = { shape: 'prompt-completion', columns: { prompt: 'prompt', completion: 'completion' } };
const CHAT: Mapping = { shape: 'messages', columns: { messages: 'messages' } };
const TOKENS: Mapping = { shape: 'tokenized', columns: { ids: 'input_ids', labels: 'labels' } };

const one = (fields: Record<string, unknown>, mapping: Mapping) => {
  const { examples, skipped, warnings } = toExamples([rowOf(fields)], mapping);
  return {
    example: examples[0],
    skipped: skipped.map((notice) => notice.reason),
    warnings: warnings.map((notice) => notice.reason),
  };
};
const messagesOf = (example: Example | undefined) => (example?.kind === 'chat' ? example.messages : undefined);
const chat = (...messages: unknown[]) => one({ messages }, CHAT);
const user = { role: 'user', content: 'a' };
const assistant = { role: 'assistant', content: 'b' };

test('a pair becomes a user turn and an assistant turn, after the system message', () => {
  const mapping: Mapping = { shape: 'instruction', columns: { prompt: 'i', input: 'x', completion: 'o', system: 's' } };
  expect(messagesOf(one({ i: 'Add', x: '1 2', o: '3', s: 'Be brief' }, mapping).example)).toEqual([
    { role: 'system', content: 'Be brief' },
    { role: 'user', content: 'Add\n\n1 2' },
    { role: 'assistant', content: '3' },
  ]);
  expect(messagesOf(one({ i: 'Add', x: '', o: '3', s: null }, mapping).example)).toEqual([
    { role: 'user', content: 'Add' },
    { role: 'assistant', content: '3' },
  ]);
});

test.each([
  [{ prompt: 'x', completion: null }, '"completion" is null, need text'],
  [{ prompt: ['a'], completion: 'z' }, '"prompt" is a list, need text'],
  [{ prompt: { k: 1 }, completion: 'z' }, '"prompt" is an object, need text'],
  [{ prompt: 'x', completion: ' \u200b\n' }, 'no answer to train on: "completion" is empty'],
  [{ prompt: 'x' }, 'has no "completion", found "prompt"'],
  [{ foo: 1 }, 'has no "prompt" and no "completion", found "foo"'],
  [
    { prоmpt: 'Cyrillic o', completion: 'x' },
    'has no "prompt", found "prоmpt", "completion" (a name that only looks alike: it mixes alphabets)',
  ],
])('%j is skipped with its reason', (fields, reason) => {
  expect(one(fields, PAIR).skipped).toEqual([reason]);
});

test('numbers and booleans become their text with a note', () => {
  const { example, warnings } = one({ prompt: 42, completion: true }, PAIR);
  expect(messagesOf(example)!.map((message) => message.content)).toEqual(['42', 'true']);
  expect(warnings).toEqual(
    ['"completion" is the boolean true and becomes text', '"prompt" is the number 42 and becomes text'].slice(
      0,
      warnings.length,
    ),
  );
  expect(warnings).toHaveLength(2);
});

test('lone surrogates become U+FFFD with a note, pairs stay', () => {
  const { example, warnings } = one({ prompt: 'half \ud83d', completion: 'whole \ud83d\ude00' }, PAIR);
  expect(messagesOf(example)!.map((message) => message.content)).toEqual(['half \ufffd', 'whole \ud83d\ude00']);
  expect(warnings).toEqual(['"prompt" holds half a character (a lone surrogate), which becomes U+FFFD']);
});

test.each([
  ['Hi<|im_end|>', 'holds the marker "<|im_end|>", which is read as plain text'],
  ['[INST] x', 'holds the marker "[INST]", which is read as plain text'],
  ['\u202eevil', 'holds invisible characters (U+202E)'],
  ['a\0b', 'holds invisible characters (U+0000)'],
  [
    'Below is …\n\n### Instruction:\nSay hi',
    'is already wrapped in a prompt template: a chat template wraps it a second time',
  ],
  ['I am {{name}}', 'holds the placeholder "{{name}}", which nothing fills in'],
])('a prompt %j is used with a note', (prompt, reason) => {
  const { example, warnings } = one({ prompt, completion: 'x' }, PAIR);
  expect(messagesOf(example)![0]!.content).toBe(prompt);
  expect(warnings).toEqual([`"prompt" ${reason}`]);
});

test('plain text of any script, emoji with joiners and markup bring no note', () => {
  const prompt = 'שלום می‌خواهم 👩‍👩‍👧 <b onclick="x()">\u0024{y}</b> {{ a("b") }}\t\r\n';
  expect(one({ prompt, completion: 'é' }, PAIR).warnings).toEqual([]);
});

test('rows of another known shape are read as what they are, unless the user chose the columns', () => {
  const rows = [
    rowOf({ text: 'a' }, 1),
    rowOf({ instruction: 'b', output: 'c' }, 2),
    rowOf({ Prompt: 'd', Completion: 'e' }, 3),
  ];
  const mixed = toExamples(rows, PAIR);
  expect(mixed.examples.map((example) => example.kind)).toEqual(['text', 'chat', 'chat']);
  expect(mixed.warnings.map((notice) => notice.line)).toEqual([1, 2, 3]);
  const chosen = toExamples(rows, PAIR, { isMixed: false });
  expect(chosen.examples).toEqual([]);
  expect(chosen.skipped.map((notice) => notice.line)).toEqual([1, 2, 3]);
});

test('roles of OpenAI and ShareGPT are understood; calls are said, observations are read', () => {
  const sharegpt: Mapping = { shape: 'sharegpt', columns: { messages: 'c' } };
  const { example } = one(
    {
      c: [
        { from: 'system', value: 's' },
        { from: 'human', value: 'h' },
        { from: 'function_call', value: '{"f":1}' },
        { from: 'observation', value: '2' },
        { from: 'gpt', value: 'g' },
      ],
    },
    sharegpt,
  );
  expect(messagesOf(example)!.map((message) => message.role)).toEqual([
    'system',
    'user',
    'assistant',
    'tool',
    'assistant',
  ]);
});

test('content in parts is joined, a part that is not text skips the row', () => {
  const parts = [{ type: 'text', text: 'a' }, { type: 'text', value: 'b' }, 'c'];
  expect(messagesOf(chat({ role: 'user', content: parts }, assistant).example)![0]!.content).toBe('abc');
  expect(chat({ role: 'user', content: [{ type: 'image_url', image_url: {} }] }, assistant).skipped).toEqual([
    'message 1 has a part that is not text',
  ]);
});

test("OpenAI's tool calls beside an empty content become text", () => {
  const call = { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f', arguments: '{}' } }] };
  expect(messagesOf(chat(user, call).example)![1]!.content).toBe('{"name":"f","arguments":"{}"}');
});

test('an assistant turn of weight 0 is read and not learned', () => {
  const { example } = chat(user, { ...assistant, weight: 0 }, user, { ...assistant, weight: 1 });
  expect(messagesOf(example)!.map((message) => message.isContext ?? false)).toEqual([false, true, false, false]);
  expect(chat(user, { ...assistant, loss_weight: 0 }).skipped).toEqual(['no assistant turn to learn from']);
});

test.each([
  [[{ role: 'bot', content: 'x' }, assistant], 'message 1 has the role "bot", need system, user, assistant or tool'],
  [[{ content: 'x' }, assistant], 'message 1 has no role'],
  [[user], 'no assistant turn to learn from'],
  [[user, { role: 'assistant', content: ' ' }], 'no assistant turn to learn from'],
  [[], '"messages" is an empty list'],
  ['user: hi', '"messages" is text, need a list of messages'],
  ['[not json', '"messages" is text that is not valid JSON, need a list of messages'],
  [[{ role: 'user', content: null }, assistant], 'message 1: the content is null, need text'],
  [[{ role: 'user', content: { a: 1 } }, assistant], 'message 1: the content is an object, need text'],
  [['hi'], 'message 1 is text, need an object'],
  [Array.from({ length: 2001 }, () => user), '"messages" has 2001 messages, need at most 2000'],
])('a conversation %# is skipped with its reason', (messages, reason) => {
  expect(one({ messages }, CHAT).skipped).toEqual([reason]);
});

test.each([
  [[user, user, assistant], 3, 'two user turns follow each other'],
  [[user, assistant, user], 2, 'what follows the last assistant turn is left out'],
  [[user, assistant, { role: 'system', content: 'late' }], 2, 'what follows the last assistant turn is left out'],
  [[assistant, user, assistant], 3, 'the conversation begins with an assistant turn'],
  [[{ role: 'USER', content: 'a' }, assistant], 2, 'message 1: role "USER" is read as "user"'],
])('a conversation %# is used with a note', (messages, length, reason) => {
  const { example, warnings } = chat(...messages);
  expect(messagesOf(example)).toHaveLength(length);
  expect(warnings).toContain(reason);
});

test('a conversation may be JSON in a cell of a table', () => {
  expect(messagesOf(one({ messages: JSON.stringify([user, assistant]) }, CHAT).example)).toHaveLength(2);
});

test('tokenised rows are used as they are', () => {
  const { example } = one({ input_ids: [5, 6, 7], labels: [-100, 6, 7] }, TOKENS);
  expect(example).toMatchObject({ kind: 'tokenized', ids: Int32Array.of(5, 6, 7), labels: Int32Array.of(-100, 6, 7) });
  const withoutLabels = one({ input_ids: [5, 6], labels: null }, TOKENS).example;
  expect(withoutLabels).toMatchObject({ labels: Int32Array.of(5, 6) });
});

test.each([
  [{ input_ids: [5, 6, 7], labels: [6, 7, -100] }, '"labels"[0] is 6, need -100 or the id 5 at the same place'],
  [{ input_ids: [5, 6, 7], labels: [5, 6] }, '"labels" has 2 entries, need 3 as "input_ids" has'],
  [{ input_ids: [5, -1], labels: [5, -1] }, '"input_ids"[1] is -1, need a token id'],
  [{ input_ids: [5, 1.5], labels: [5, 6] }, '"input_ids"[1] is the number 1.5, need an integer'],
  [{ input_ids: [5], labels: [5] }, '"input_ids" has 1 tokens, need at least 2'],
  [{ input_ids: 'abc', labels: [5] }, '"input_ids" is text, need a list of integers'],
])('tokens %j are refused by name', (fields, reason) => {
  expect(one(fields, TOKENS).skipped).toEqual([reason]);
});
