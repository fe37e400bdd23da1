// Progress as a person can read it: four times a second, and the first and last of everything. A message for each row would
// keep both ends of the wire busy with nothing else.

import type { OnProgress } from './protocol.ts';

const EVERY_MS = 250;

export function calmProgress(onProgress: OnProgress): OnProgress {
  let what: string | undefined;
  let last = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const now = performance.now();
    if (progress.what === what && progress.done < progress.total && now - last < EVERY_MS) return;
    what = progress.what;
    last = now;
    onProgress(progress);
  };
}
