import { describe, expect, it } from 'vitest';
import { readLayers, writeLayers } from './layer-numbers.ts';

describe('readLayers()', () => {
  it('reads what people write, and writeLayers() writes it shortly', () => {
    expect(readLayers('0, 5-7,6')).toEqual([0, 5, 6, 7]);
    expect(writeLayers([0, 5, 6, 7])).toBe('0, 5-7');
    expect(readLayers('')).toEqual([]);
    for (const wrong of ['a', '7-5', '-1', '1;2']) expect(readLayers(wrong), wrong).toBeUndefined();
  });
});
