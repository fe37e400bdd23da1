import { describe, expect, it } from 'vitest';
import { judgeAnswers, judgeText } from './match.ts';

describe('judgeText()', () => {
  const exact = { kind: 'exact', isLoose: true } as const;
  it('leaves case and surrounding spaces out when it is loose', () => {
    expect(judgeText(exact, { answer: ' Ahoy\n', expected: 'ahoy' })).toBe(true);
    expect(judgeText({ ...exact, isLoose: false }, { answer: ' Ahoy\n', expected: 'ahoy' })).toBe(false);
    expect(judgeText(exact, { answer: 'ahoy there', expected: 'ahoy' })).toBe(false);
  });

  it('finds what is contained', () => {
    const contains = { kind: 'contains', isLoose: true } as const;
    expect(judgeText(contains, { answer: 'It is 42.', expected: '42' })).toBe(true);
    expect(judgeText(contains, { answer: 'It is 41.', expected: '42' })).toBe(false);
  });
});

it('refuses a pattern that is none, in a sentence', async () => {
  const rule = { kind: 'regex', pattern: '(', isLoose: true } as const;
  await expect(judgeAnswers(rule, [{ answer: 'a', expected: 'a' }])).rejects.toThrow('Cannot use this pattern');
});
