import { expect, test } from 'vitest';
import fc from '../../testing/fast-check.ts';
import { findPersonalData, hidePersonalData, passesLuhn } from './find-personal-data.ts';
import { findOddCharacter, removeOddCharacters } from './odd-characters.ts';

test.each([
  ['Write to ada.lovelace+news@mail.example.org.', 'Write to [e-mail].'],
  ['Pay with 4111 1111 1111 1111, or 3782-822463-10005', 'Pay with [card], or [card]'],
  ['Call +49 30 1234567 or (030) 123 45 67', 'Call [telephone] or [telephone]'],
  ['US: 555-123-4567, London: 020 7946 0958', 'US: [telephone], London: [telephone]'],
])('%j becomes %j', (text, hidden) => {
  expect(hidePersonalData(text)).toBe(hidden);
});

test.each([
  'In 1999-2004 there were 1,234,567 of them.',
  'The sum is 4111 1111 1111 1112 and 1234567890123456',
  '<<48/2=24>>24 clips, 3.14159265358979',
  'version 10.20.30.40, 2024-03-15, 12:30:45',
  'user@localhost, @name, a@b',
  '0000 0000 0000 0000',
  'id 550e8400-e29b-41d4-a716-446655440000',
])('%j is left alone', (text) => {
  expect(findPersonalData(text)).toEqual([]);
});

test('hiding twice changes nothing more, and text without digits and @ is never touched', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const once = hidePersonalData(text);
      expect(hidePersonalData(once)).toBe(once);
      if (!/[\d@]/.test(text)) expect(once).toBe(text);
    }),
  );
});

test('any number can be made to pass Luhn by one digit, and any other digit fails', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{15}$/), (digits) => {
      const passing = Array.from({ length: 10 }, (_, d) => `${digits}${d}`).filter(passesLuhn);
      expect(passing.length).toBe(1);
    }),
  );
});

test('odd characters are named by their code and taken out; joiners, accents and emoji stay', () => {
  expect(findOddCharacter('a\u202eb')).toBe('U+202E');
  expect(findOddCharacter('a\0')).toBe('U+0000');
  expect(findOddCharacter('\ud800')).toBe('U+FFFD');
  expect(findOddCharacter('tab\t, line\nend, 👩‍👩‍👧, क्‍ष, é')).toBeUndefined();
  expect(removeOddCharacters('a\u202eb\u200bc\ufffdd\ud800\t\n👩‍👩‍👧')).toBe('abcd\t\n👩‍👩‍👧');
});
