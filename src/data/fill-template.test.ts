import { expect, test } from 'vitest';
import { fillTemplate, templateColumns } from './fill-template.ts';
import { rowOf } from './testing/data-files.ts';
import { toExamples } from './testing/to-examples.ts';

const values = new Map([
  ['question', 'Who?'],
  ['my column', 'a {{question}} b $& $1'],
  ['empty', ''],
]);
const textOf = (column: string) => values.get(column) ?? '';

test('fillTemplate() puts values in as they are, and only once', () => {
  expect(fillTemplate('Q: {{question}}\nA: {{ my column }}', textOf)).toBe('Q: Who?\nA: a {{question}} b $& $1');
  expect(templateColumns('{{a}} {{ b c }} {{a}} {x}')).toEqual(['a', 'b c']);
});

test('fillTemplate() leaves out lines whose columns are all empty, and keeps lines with words of their own', () => {
  expect(fillTemplate('{{question}}\n{{empty}}\nend', textOf)).toBe('Who?\nend');
  expect(fillTemplate('Context: {{empty}}\nend', textOf)).toBe('Context: \nend');
});

test('a mapping by template makes chats; a row without an answer is named', () => {
  const mapping = {
    shape: 'template',
    columns: {},
    template: { prompt: 'Sort this: {{text}} ({{lang}})', completion: '{{label}}' },
  } as const;
  const rows = [
    rowOf({ text: 'buy now', label: 'spam' }),
    rowOf({ text: 'hello', label: '' }, 2),
    rowOf({ text: 'x' }, 3),
  ];
  const { examples, skipped } = toExamples(rows, mapping, { isMixed: false, systemPrompt: 'Be brief.' });
  expect(examples).toMatchObject([
    {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Sort this: buy now ()' },
        { role: 'assistant', content: 'spam' },
      ],
    },
  ]);
  expect(skipped.map(({ line, reason }) => [line, reason])).toEqual([
    [2, 'no answer to train on: "label" is empty'],
    [3, 'has no "label", found "text"'],
  ]);
});

test('a system prompt leaves chats alone that have their own', () => {
  const own = {
    messages: [
      { role: 'system', content: 'own' },
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
    ],
  };
  const mapping = { shape: 'messages', columns: { messages: 'messages' } } as const;
  const { examples } = toExamples([rowOf(own)], mapping, { systemPrompt: 'other' });
  expect(JSON.stringify(examples)).not.toContain('other');
});
