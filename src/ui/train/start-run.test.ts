import { expect, test } from 'vitest';
import { proposedName } from './start-run.ts';

test('an adapter is named after its data and rank', () => {
  expect(proposedName('support-answers.jsonl', { rank: 8 })).toBe('Support answers, rank 8');
  expect(proposedName('faq_de.v2.csv', { rank: 16 })).toBe('Faq de.v2, rank 16');
  expect(proposedName('', { rank: 4 })).toBe('Adapter, rank 4');
  expect(proposedName('faq.csv', { method: 'ia3', rank: 8 })).toBe('Faq, IA³');
});
