import { expect, it } from 'vitest';
import { findEntry } from './find-entry.ts';
import { glossary } from './words.ts';

it('every word has one entry and a sentence or two that end', () => {
  const names = glossary.flatMap((entry) => entry.names.map((name) => name.toLowerCase()));
  expect(new Set(names).size).toBe(names.length);
  for (const { says } of glossary) {
    expect(says).toMatch(/^\p{Lu}.*[.)]$/u);
    expect(says.length, says).toBeLessThan(190);
  }
});

it('findEntry() knows a setting by what it is called here or in papers', () => {
  expect(findEntry('batch size', 'Rows per step')?.names[0]).toBe('batch size');
  expect(findEntry(undefined, 'Held back')?.names[0]).toBe('validation');
  expect(findEntry('Name of the adapter')).toBeUndefined();
});
