// The turn on the GPU of several runs that go on at once. They hold it together while any of them is in a step, and give it away
// together when someone else waits: each stops between two of its steps, and the last one ends the turn.

import type { GpuTurn, GpuTurns } from './gpu-turns.ts';

export class SharedTurn {
  private turn: GpuTurn | undefined;
  private inside = 0;
  private isAsking = false;
  private waiting: (() => void)[] = [];

  constructor(private readonly turns: GpuTurns) {}

  /** Resolves when a run may work; it does so until it leaves. */
  async enter(): Promise<void> {
    // Who comes while others are waited for would keep the turn from ending.
    if (this.turn !== undefined && !this.turns.isWanted) {
      this.inside++;
      return;
    }
    const entered = new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.turn === undefined) void this.ask();
    await entered;
  }

  leave(): void {
    if (--this.inside > 0) return;
    this.turn?.end();
    this.turn = undefined;
    if (this.waiting.length > 0) void this.ask();
  }

  /** Between two steps: true when there is a reason to leave. */
  get isWanted(): boolean {
    return this.turns.isWanted;
  }

  private async ask(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    this.turn = await this.turns.take();
    this.isAsking = false;
    this.inside += this.waiting.length;
    for (const enter of this.waiting.splice(0)) enter();
  }
}
