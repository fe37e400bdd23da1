import { expect, it } from 'vitest';
import { questionsOf } from './questions.ts';

it('takes questions held back first, each once', () => {
  const rows = [
    { prompt: 'a', side: 'train' },
    { prompt: ' b ', side: 'validation' },
    { prompt: 'b', side: 'train' },
  ] as const;
  expect(questionsOf(rows)).toEqual(['b', 'a']);
});

it('leaves out what is no question of one turn, or is cut off', () => {
  const rows = ['', 'user: Hi\nassistant: Hello\nuser: And?', `${'long '.repeat(48)}…`, 'Why?'];
  expect(questionsOf(rows.map((prompt) => ({ prompt, side: 'train' })))).toEqual(['Why?']);
});
