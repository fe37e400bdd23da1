import { count } from '../format.ts';

export const words = {
  name: 'Ask as it learns',
  hint: 'Base and adapter answer the same questions on the way, so that the change can be seen. Takes a moment each time.',
  prompts: 'Questions, one a line',
  promptsHint: 'Up to four. Empty: one of your rows.',
  every: {
    name: 'Ask every',
    hint: '0: eight times a run.',
  },
  tokens: {
    name: 'Longest answer',
    hint: 'More takes longer.',
  },
  title: 'The same question, as it learns',
  base: 'base',
  waiting: 'The first answers come soon.',
  after: (step: number) => `step ${count(step)}`,
  strip: (prompt: string) => `Answers to “${prompt}” over time`,
  empty: '(nothing: it ended its turn at once)',
} as const;
