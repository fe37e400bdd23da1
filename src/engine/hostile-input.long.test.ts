// Twenty thousand changed files of every kind, or as many as GRAFT_FUZZ_RUNS says.

import { expect, it } from 'vitest';
import { fuzzReader } from '../testing/fuzz-reader.ts';
import { tellFigure } from '../testing/tell-figure.ts';
import { hostileReaders } from './testing/hostile-readers.ts';

const RUNS = Number(process.env.GRAFT_FUZZ_RUNS ?? 20_000);
const SEED = 20_261_125;

it.each((await hostileReaders()).map((reader) => [reader.name, reader] as const))('%s', async (_, reader) => {
  const { read, refused } = await fuzzReader(reader.sources, reader.read, {
    runs: RUNS,
    seed: SEED,
    maxBytes: reader.maxBytes,
  });
  expect(read + refused).toBe(RUNS);
  tellFigure(
    `input: ${reader.name}`,
    `${RUNS.toLocaleString('en')} changed files (seed ${SEED}): ${refused} refused, ${read} read, 0 crashes`,
  );
});
