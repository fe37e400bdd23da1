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
