// How long things take while the machine is awake. A laptop that is closed in the middle of a step, a tab that the browser
// freezes: some clocks go on meanwhile, and hours would stand in the speed, the time left and the cost of a checkpoint.

/** Longer than this, and this many times as long as usual, is a sleep. */
const LEAST_MS = 60_000;
const TIMES_USUAL = 20;
const RECENT = 20;

export class AwakeClock {
  private readonly recent: number[] = [];

  /** @param past durations of the same kind, in milliseconds, the last one last. */
  constructor(past: readonly number[] = []) {
    this.recent.push(...past.slice(-RECENT));
  }

  /** What a thing that seems to have taken `ms` has taken awake: all of it, or after a sleep what is usual. */
  awake(ms: number): number {
    const usual = this.usual();
    const own = usual !== undefined && ms > LEAST_MS && ms > TIMES_USUAL * usual ? usual : ms;
    this.recent.push(own);
    if (this.recent.length > RECENT) this.recent.shift();
    return own;
  }

  private usual(): number | undefined {
    return [...this.recent].sort((a, b) => a - b)[this.recent.length >> 1];
  }
}
