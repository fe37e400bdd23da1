import { expect, test } from 'vitest';
import { withColumn, withShape } from './mapping-edit.ts';

test('a new shape keeps the columns it shares and fills the needed ones with free columns', () => {
  const from = { shape: 'prompt-completion', columns: { prompt: 'question', completion: 'answer' } } as const;
  expect(withShape('instruction', from, ['question', 'answer', 'note'])).toEqual({
    shape: 'instruction',
    columns: { prompt: 'question', completion: 'answer' },
  });
  expect(withShape('text', from, ['question', 'answer'])).toEqual({ shape: 'text', columns: { text: 'question' } });
});

test('an empty choice takes the column out', () => {
  const from = { shape: 'instruction', columns: { prompt: 'a', input: 'b', completion: 'c' } } as const;
  expect(withColumn(from, 'input', '')).toEqual({ shape: 'instruction', columns: { prompt: 'a', completion: 'c' } });
  expect(withColumn(from, 'input', 'd').columns.input).toBe('d');
});

test('a template begins with what the mapping did until then', () => {
  const pair = { shape: 'prompt-completion', columns: { prompt: 'question', completion: 'answer' } } as const;
  const mapping = withShape('template', pair, ['id', 'question', 'answer']);
  expect(mapping).toEqual({
    shape: 'template',
    columns: {},
    template: { prompt: '{{question}}', completion: '{{answer}}' },
  });
  expect(withShape('template', { shape: 'text', columns: { text: 'b' } }, ['a', 'b']).template).toEqual({
    prompt: '{{a}}',
    completion: '{{b}}',
  });
  expect(withShape('prompt-completion', mapping, ['question', 'answer'])).toEqual(pair);
});
