import { expect, test } from 'vitest';
import { readTurns, writeTurns } from './row-turns.ts';

test('turns are read and written in the words of their file, and keep what else they carry', () => {
  const openAi = [
    { role: 'user', content: 'a', name: 'x' },
    { role: 'assistant', content: 'b', weight: 0 },
  ];
  const shareGpt = [{ from: 'human', value: 'a' }];
  for (const value of [openAi, shareGpt]) expect(writeTurns(readTurns(value)!, value)).toEqual(value);
  const more = [...readTurns(shareGpt)!, { role: 'assistant', content: 'b', from: undefined }];
  expect(writeTurns(more, shareGpt)).toEqual([
    { from: 'human', value: 'a' },
    { from: 'gpt', value: 'b' },
  ]);
});

test('what is no list of turns is left to be shown as it is', () => {
  for (const value of [[], 'text', [1], [{ role: 'user', content: [{ type: 'text' }] }], { role: 'user' }])
    expect(readTurns(value)).toBeUndefined();
});
