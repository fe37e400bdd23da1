// How long a worker that reads would not answer for.

/** Most work in a stretch without a turn of the event loop. */
export const MAX_STRETCH_MS = 2500;

/**
 * Does something, and says how long it took by the clock, and the most work between two turns of the event loop; `lastMs` is the work
 * behind the last turn. Both are processor time: a busy machine makes a test wait, which is no work of its own.
 */
export async function longestStretch<T>(work: () => Promise<T>) {
  let longestMs = 0;
  let last = process.cpuUsage();
  const sinceTurn = () => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    return (user + system) / 1000;
  };
  const beat = setInterval(() => {
    longestMs = Math.max(longestMs, sinceTurn());
  }, 5);
  const began = performance.now();
  try {
    const result = await work();
    return { result, ms: performance.now() - began, longestMs, lastMs: sinceTurn() };
  } finally {
    clearInterval(beat);
  }
}
