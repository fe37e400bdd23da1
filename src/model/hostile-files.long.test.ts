// Twenty thousand changed model files of each kind, or as many as GRAFT_FUZZ_RUNS says.

import { expect, it } from 'vitest';
import { tellFigure } from '../testing/tell-figure.ts';
import { checkHostile, ggufSources, safetensorsSources } from './testing/check-hostile.ts';

const RUNS = Number(process.env.GRAFT_FUZZ_RUNS ?? 20_000);
const SEED = 11;

it.each([
  ['safetensors', safetensorsSources],
  ['GGUF', ggufSources],
] as const)('changed %s files open or are refused with a sentence', async (kind, sources) => {
  const { refused, opened } = await checkHostile(sources(), { runs: RUNS, seed: SEED });
  expect(refused + opened).toBe(RUNS);
  tellFigure(
    `input: models: ${kind}`,
    `${RUNS.toLocaleString('en')} changed files (seed ${SEED}): ${refused} refused, ${opened} read, 0 crashes`,
  );
});
