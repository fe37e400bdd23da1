// For tests that kill a run at random moments, on the command line and in a browser.

import { createHash } from 'node:crypto';

/** Numbers in [0,1), the same for the same seed. */
export function randomMoments(seed: number): () => number {
  let drawn = 0;
  return () => createHash('sha256').update(`${seed} ${drawn++}`).digest().readUInt32LE() / 2 ** 32;
}
