// Twenty thousand changed links, or as many as GRAFT_FUZZ_RUNS says: the address itself, and the recipe behind its base64url.
import { expect, it } from 'vitest';
import { fuzzReader } from '../../testing/fuzz-reader.ts';
import { tellFigure } from '../../testing/tell-figure.ts';
import { linkSources, readLink } from './testing/hostile-links.ts';

const RUNS = Number(process.env.GRAFT_FUZZ_RUNS ?? 20_000);
const SEED = 20_261_125;

it('changed links are read or refused with a sentence', async () => {
  const { read, refused } = await fuzzReader(linkSources(), readLink, { runs: RUNS, seed: SEED, maxBytes: 1 << 20 });
  expect(read + refused).toBe(RUNS);
  tellFigure(
    'input: links',
    `${RUNS.toLocaleString('en')} changed links (seed ${SEED}): ${refused} refused, ${read} read, 0 crashes`,
  );
});
