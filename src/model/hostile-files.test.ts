// Changed model files, as many as half a minute allows; hostile-files.long.test.ts does all of them.

import { expect, it } from 'vitest';
import { watchAllocations } from '../testing/hostile.ts';
import { checkHostile, ggufSources, safetensorsSources } from './testing/check-hostile.ts';

it.each([
  ['safetensors', safetensorsSources],
  ['GGUF', ggufSources],
] as const)('changed %s files open or are refused with a sentence', async (_, sources) => {
  const { refused, opened } = await checkHostile(sources(), { runs: 2000, seed: 5, limitMs: 15_000 });
  expect(refused).toBeGreaterThan(opened);
  expect(opened).toBeGreaterThan(0);
});

it('an allocation by a claimed number is seen (control)', async () => {
  expect(await watchAllocations(async () => void new Float32Array(1000))).toBe(4000);
  expect(await watchAllocations(async () => void new Uint8Array(new Array(7)))).toBe(56);
  await expect(watchAllocations(async () => void new Float32Array(2 ** 40))).rejects.toThrow('an allocation of');
});
