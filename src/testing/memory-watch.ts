// What a process holds, measured so that a slow leak shows and the noise of its allocators does not: garbage is collected first
// (else the figure is when V8 felt like it), and growth is a slope through many samples, not a difference of two.

import { existsSync, readFileSync } from 'node:fs';
import v8 from 'node:v8';
import vm from 'node:vm';

export interface MemorySample {
  readonly step: number;
  /** What can still be reached: V8's heap and array buffers, after a collection. */
  readonly live: number;
  /** All pages of the process, libraries and drivers among them; by the kernel's exact count where there is one. */
  readonly resident: number;
  /** Of those, what V8 has not set aside for its heap: that grows and shrinks by tens of MB as V8 sees fit. */
  readonly native: number;
}

type Kind = 'live' | 'resident' | 'native';

let collect: (() => void) | undefined;

export function collectGarbage(): void {
  if (collect === undefined) {
    v8.setFlagsFromString('--expose-gc');
    collect = vm.runInNewContext('gc') as () => void;
  }
  // Twice: what a finaliser lets go in the first is gone after the second.
  collect();
  collect();
}

/** Collects garbage, then measures. */
export function measureMemory(step: number): MemorySample {
  collectGarbage();
  const { heapUsed, heapTotal, external, rss } = process.memoryUsage();
  const resident = exactResident() ?? rss;
  return { step, live: heapUsed + external, resident, native: resident - heapTotal - external };
}

/** Linux keeps the counter behind `rss` only roughly. */
function exactResident(): number | undefined {
  const file = '/proc/self/smaps_rollup';
  if (!existsSync(file)) return undefined;
  const [, kilobytes] = /^Rss:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8')) ?? [];
  return kilobytes === undefined ? undefined : 1024 * Number(kilobytes);
}

/**
 * Bytes a step: the median of the slopes between all pairs of samples (Theil 1950, Sen 1968). A quarter of the samples may be
 * wherever they like without moving it.
 */
export function slope(samples: readonly MemorySample[], of: Kind): number {
  const slopes = samples.flatMap((a, i) => samples.slice(i + 1).map((b) => (b[of] - a[of]) / (b.step - a.step)));
  return median(slopes);
}

/** How much of its middle value is added over the second half of these samples. */
export function growth(samples: readonly MemorySample[], of: Kind): number {
  const steps = (samples.at(-1)!.step - samples[0]!.step) / 2;
  return (slope(samples, of) * steps) / median(samples.map((sample) => sample[of]));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
