import { describe, expect, it } from 'vitest';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { findAdapters, freeName, readTags, tagsOf } from './find-adapters.ts';

const adapter = (name: string, change: Partial<AdapterRecord> = {}): AdapterRecord => ({
  id: name,
  name,
  created: '2026-01-01T00:00:00Z',
  baseId: 'scion',
  baseName: 'Scion',
  baseHash: '',
  rank: 8,
  alpha: 16,
  targets: ['q_proj'],
  datasetName: 'rows.jsonl',
  steps: 1,
  finalLoss: 1,
  validationLoss: undefined,
  bytes: 1,
  ...change,
});

const ALL = [
  adapter('Haiku 10', { tags: ['verse', 'best'], finalLoss: 2, bytes: 5 }),
  adapter('Haiku 9', { baseName: 'SmolLM2', finalLoss: Number.NaN, bytes: 9, created: '2026-02-01T00:00:00Z' }),
  adapter('Pirate', { datasetName: 'sea.csv', tags: ['voice'], finalLoss: 3, validationLoss: 0.5 }),
];
const names = (search: Partial<Parameters<typeof findAdapters>[1]>) =>
  findAdapters(ALL, { text: '', tag: undefined, order: 'name', ...search }).map(({ name }) => name);

describe('findAdapters()', () => {
  it('looks for every word in name, base, data and tags, whatever their case', () => {
    expect(names({ text: 'haiku' })).toEqual(['Haiku 9', 'Haiku 10']);
    expect(names({ text: 'smollm HAIKU' })).toEqual(['Haiku 9']);
    expect(names({ text: 'sea' })).toEqual(['Pirate']);
    expect(names({ text: 'verse' })).toEqual(['Haiku 10']);
    expect(names({ text: 'haiku sea' })).toEqual([]);
    expect(names({ tag: 'voice' })).toEqual(['Pirate']);
  });

  it('orders by what was chosen, the unknown last', () => {
    expect(names({ order: 'newest' })[0]).toBe('Haiku 9');
    expect(names({ order: 'loss' })).toEqual(['Pirate', 'Haiku 10', 'Haiku 9']);
    expect(names({ order: 'size' })[0]).toBe('Haiku 9');
  });
});

it('tags are read from a line and listed once', () => {
  expect(readTags(' verse,best , verse,, ')).toEqual(['verse', 'best']);
  expect(tagsOf(ALL)).toEqual(['best', 'verse', 'voice']);
});

it('freeName() counts up while a name is taken', () => {
  expect(freeName('a', [])).toBe('a');
  expect(freeName('a', ['a', 'a (2)'])).toBe('a (3)');
});
