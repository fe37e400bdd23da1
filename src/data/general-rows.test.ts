import { describe, expect, it } from 'vitest';
import { generalRows, passages } from './general-rows.ts';
import type { ChatTokenizer } from './types.ts';

const characters: ChatTokenizer = {
  encode: (text) => [...text].map((character) => character.codePointAt(0)!),
  renderChat: () => {
    throw new Error('not asked');
  },
  hasChatTemplate: false,
  specialTokens: [],
  endOfTurn: [0],
  bos: undefined,
};

describe('generalRows()', () => {
  it('has passages of many kinds, each once', () => {
    expect(passages().length).toBeGreaterThan(30);
    expect(new Set(passages()).size).toBe(passages().length);
    for (const passage of passages()) expect(passage.length).toBeLessThan(600);
  });

  it('judges every token of every passage once', () => {
    const rows = generalRows(characters);
    const supervised = rows.reduce((sum, { mask }) => sum + mask.reduce((n, bit) => n + bit, 0), 0);
    // The first token of a passage is not asked for, its end is.
    const letters = passages().reduce((sum, passage) => sum + [...passage].length, 0);
    expect(supervised).toBe(letters);
    for (const { ids } of rows) expect(ids.length).toBeLessThanOrEqual(128);
  });
});
