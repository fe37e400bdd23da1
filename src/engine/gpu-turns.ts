// Who works on the GPU now. A run and the answers to a person's questions share one device: each takes its turn, in the order
// in which they came, and neither sees the other's buffers. A run holds its turn for a step and lets others in between two
// steps, so what it computes is the same to the bit; an answer holds its turn for as long as it has waited, so a long step
// is followed by many tokens and a short one by a few.

/** However short the wait was: a turn is not worth its exchange below this. */
const LEAST_TURN_MS = 250;

export class GpuTurns {
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;

  /** True while someone waits for the turn that is being held. */
  get isWanted(): boolean {
    return this.waiting > 0;
  }

  /** Resolves with the turn when everyone who came before has ended theirs. */
  async take(): Promise<GpuTurn> {
    const before = this.last;
    const asked = performance.now();
    let end = () => {};
    this.last = new Promise((resolve) => {
      end = resolve;
    });
    this.waiting++;
    await before;
    this.waiting--;
    return new GpuTurn(this, end, performance.now() - asked);
  }

  /** Runs `work` in a turn of its own. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const turn = await this.take();
    try {
      return await work();
    } finally {
      turn.end();
    }
  }
}

export class GpuTurn {
  private readonly began = performance.now();

  constructor(
    private readonly turns: GpuTurns,
    private readonly onEnd: () => void,
    private readonly waitedMs: number,
  ) {}

  /** True when someone else waits and this turn has lasted as long as it was waited for. */
  get isOver(): boolean {
    return this.turns.isWanted && performance.now() - this.began >= Math.max(LEAST_TURN_MS, this.waitedMs);
  }

  /** Ends the turn; once is enough. */
  end(): void {
    this.onEnd();
  }
}
