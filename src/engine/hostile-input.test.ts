// Changed files of every kind, some hundred each; hostile-input.long.test.ts does twenty thousand.

import { describe, expect, it } from 'vitest';
import { fuzzReader } from '../testing/fuzz-reader.ts';
import { hostileReaders } from './testing/hostile-readers.ts';

const readers = await hostileReaders();

describe('changed files are read or refused with a sentence', () => {
  it.each(readers.map((reader) => [reader.name, reader] as const))('%s', async (_, reader) => {
    const counts = await fuzzReader(reader.sources, reader.read, {
      runs: 300,
      seed: 7,
      maxBytes: reader.maxBytes,
      limitMs: 5000,
    });
    expect(counts.read + counts.refused).toBeGreaterThan(20);
  });

  it.each(readers.map((reader) => [reader.name, reader] as const))(
    '%s: unchanged ones are read (control)',
    async (_, reader) => {
      const outcomes = await Promise.allSettled(
        reader.sources.map(async (source) => reader.read(source.bytes, source)),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(outcomes.length / 2);
    },
  );

  it('a reader that crashes, or believes a number, is caught (control)', async () => {
    const sources = [{ bytes: new TextEncoder().encode('[1, 2, 3, 4, 5, 6, 7, 8]') }];
    const options = { runs: 200, seed: 1, maxBytes: 1 << 20 };
    const crashes = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));
    await expect(fuzzReader(sources, crashes, options)).rejects.toThrow('Property failed');
    const stumbles = (bytes: Uint8Array) => (bytes[3] === 49 ? undefined : (undefined as unknown as string).length);
    await expect(fuzzReader(sources, stumbles, options)).rejects.toThrow('Property failed');
    const believes = (bytes: Uint8Array) =>
      new Float32Array(new DataView(bytes.slice().buffer).getUint32(4, true) % 2 ** 24);
    await expect(fuzzReader(sources, believes, options)).rejects.toThrow('Property failed');
  });
});
