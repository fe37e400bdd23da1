import { expect, test } from 'vitest';
import { showToken } from './show-token.ts';

test('line ends and tabs are seen, and the row breaks after them', () => {
  expect(showToken('user\nMy')).toEqual({ text: 'user↵My', breaks: 1, isSpecial: false });
  expect(showToken('\n\n')).toEqual({ text: '↵↵', breaks: 2, isSpecial: false });
  expect(showToken('a\tb\r\n').text).toBe('a⇥b↵');
});

test('control, zero-width and bidi characters show as their code', () => {
  expect(showToken('\u202Eevil').text).toBe('⟨202E⟩evil');
  expect(showToken('a\u200Bb\u0000').text).toBe('a⟨200B⟩b⟨0000⟩');
});

test('ordinary text, spaces and markup stay as they are', () => {
  expect(showToken(' <b>naïve 日本</b>')).toEqual({ text: ' <b>naïve 日本</b>', breaks: 0, isSpecial: false });
});

test('special tokens of the common families are recognised', () => {
  for (const text of ['<|im_start|>', '<|eot_id|>', '</s>', '<end_of_turn>', '[INST]', '[/INST]']) {
    expect(showToken(text).isSpecial, text).toBe(true);
  }
  expect(showToken('<p>').isSpecial).toBe(false);
});
