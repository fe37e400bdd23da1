import { expect, it } from 'vitest';
import { formatDate } from './strftime.ts';

it('formatDate() writes dates as Python does, in English', () => {
  const date = new Date(2026, 1, 3, 15, 4, 5);
  expect(formatDate(date, '%d %b %Y')).toBe('03 Feb 2026');
  expect(formatDate(date, '%A, %B %-d, %Y at %I:%M %p (%H:%M:%S) 100%%')).toBe(
    'Tuesday, February 3, 2026 at 03:04 PM (15:04:05) 100%',
  );
  expect(formatDate(date, '%Q %a %y-%m')).toBe('%Q Tue 26-02');
});
