// What a benchmark does again and again, timed: by the clock, the host's part of it, and the processor's work.

import type { Device } from '../gpu/device.ts';
import type { BenchResult } from './protocol/bench.ts';

export class Laps {
  private readonly times: number[] = [];
  private readonly hostTimes: number[] = [];
  private readonly worked: number[] = [];
  private start = { at: 0, hostMs: 0, processorMs: 0 };

  /** `processorMs`: processor time of this process so far, where it is known. */
  constructor(
    private readonly device: Device,
    private readonly processorMs: (() => number) | undefined,
  ) {
    this.begin();
  }

  begin(): void {
    this.start = { at: performance.now(), hostMs: this.device.hostMs, processorMs: this.processorMs?.() ?? 0 };
  }

  /** Ends a lap, of so many equal parts. */
  end(parts = 1): void {
    const { at, hostMs, processorMs } = this.start;
    this.times.push((performance.now() - at) / parts);
    this.hostTimes.push((this.device.hostMs - hostMs) / parts);
    this.worked.push(((this.processorMs?.() ?? 0) - processorMs) / parts);
  }

  /** Of a part. */
  measured(): Pick<BenchResult, 'msMedian' | 'msMin' | 'msMax' | 'hostMs' | 'processorMs'> {
    return {
      msMedian: median(this.times),
      msMin: Math.min(...this.times),
      msMax: Math.max(...this.times),
      hostMs: median(this.hostTimes),
      processorMs: this.processorMs && { least: Math.min(...this.worked), median: median(this.worked) },
    };
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
