// 4,000 changed files of each kind.

import { expect, it } from 'vitest';
import { checkHostile, ggufSources, safetensorsSources } from './testing/check-hostile.ts';

it.each([
  ['safetensors', safetensorsSources],
  ['GGUF', ggufSources],
] as const)('4,000 changed %s files open or are refused with a sentence', async (_, sources) => {
  const { refused, opened } = await checkHostile(sources(), { runs: 4000, seed: 11 });
  console.info(`${refused} refused, ${opened} opened`);
  expect(refused + opened).toBe(4000);
});
