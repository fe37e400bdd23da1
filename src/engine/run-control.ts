// Pause, resume and stop of one run, and the state it tells the page.

import type { StateEvent } from './protocol.ts';

type State = StateEvent['state'];

export class RunControl {
  private readonly abort = new AbortController();
  private state: State | undefined;
  private message: string | undefined;
  private rate: number | undefined;
  private readonly warnings: string[] = [];
  private unpause: (() => void) | undefined;
  private paused: Promise<void> | undefined;

  constructor(private readonly onState: (state: State, message: string | undefined) => void) {}

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get isPaused(): boolean {
    return this.paused !== undefined;
  }

  /** Tells the page when state or message change; a paused run stays paused until it is resumed. */
  set(state: State, says?: string): void {
    if (state === 'running' && this.paused !== undefined) return;
    const warned = state === 'running' ? this.warnings : [];
    const message =
      says === undefined && warned.length === 0 ? undefined : [says, ...warned].filter(Boolean).join('. ');
    if (state === this.state && message === this.message) return;
    this.state = state;
    this.message = message;
    this.onState(state, message);
  }

  /** Said from the next event on, while the run goes on. */
  readonly warn = (problem: string): void => {
    if (!this.warnings.includes(problem)) this.warnings.push(problem);
  };

  pause(): void {
    if (this.paused !== undefined || this.abort.signal.aborted) return;
    this.paused = new Promise((resolve) => {
      this.unpause = resolve;
    });
    this.set('paused');
  }

  resume(): void {
    if (this.paused === undefined) return;
    this.paused = undefined;
    this.unpause?.();
    this.set('running');
  }

  /** Ends the run after the step it is in. */
  stop(): void {
    this.abort.abort();
    this.resume();
  }

  /** @param learningRate what the schedule is scaled by from the next step on. */
  changeRate(learningRate: number): void {
    this.rate = learningRate;
  }

  /** The rate that was chosen since the last call. */
  takeRate(): number | undefined {
    const { rate } = this;
    this.rate = undefined;
    return rate;
  }

  async waitWhilePaused(): Promise<void> {
    await this.paused;
  }
}
