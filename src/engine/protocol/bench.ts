// The hidden place where a device is measured: what is asked for and what comes out.

import type { Checkpointing } from '../../gpu/recompute.ts';
import type { QuantScheme } from '../../model/quantize.ts';

export interface BenchOptions {
  readonly warm: number;
  readonly steps: number;
  readonly quant: QuantScheme;
  readonly checkpointing?: Checkpointing;
  /** Times every dispatch; slower than a step. */
  readonly wantsKernels: boolean;
}

/** What the device can do at best, measured right before and after a case; the better of the two. */
export interface DeviceRates {
  /** f32 multiply-adds, as two operations each, a second. */
  readonly flops: number;
  /** The same by a plain loop of independent chains, one link a turn. */
  readonly plainFlops: number;
  /** Bytes read a second. */
  readonly readBytes: number;
}

export interface BenchResult {
  readonly case: string;
  /** A training step, or a token of an answer. */
  readonly msMedian: number;
  readonly msMin: number;
  readonly msMax: number;
  /** Least and median processor time of a step, where a clock for it was given: other programs hardly change it. */
  readonly processorMs: { readonly least: number; readonly median: number } | undefined;
  /** Opening, pipelines and the first step together. */
  readonly firstStepMs: number;
  readonly tokensPerSecond: number;
  /** Useful operations a second, recomputation not counted. */
  readonly flops: number;
  /** Bytes of weights read a second, where each token reads all of them. */
  readonly weightBytes: number | undefined;
  readonly rates: DeviceRates;
  /** Beside the base. */
  readonly plannedBytes: number | undefined;
  readonly allocatedBytes: number | undefined;
  readonly dispatches: number;
  /** Forward and backward, of one block. */
  readonly dispatchesPerLayer: number;
  /** Milliseconds a step in which the host encodes and submits. */
  readonly hostMs: number;
  readonly losses: readonly number[];
  readonly reference: readonly number[] | undefined;
  /** Milliseconds a step by kernel, largest first. */
  readonly kernels: readonly { readonly name: string; readonly ms: number; readonly count: number }[];
  readonly kernelsTimedBy: 'timestamps' | 'waits' | undefined;
}

export interface BenchApi {
  /** One case after the other. Throws RangeError for a name that is none. */
  run(cases: readonly string[], options: BenchOptions, onResult: (result: BenchResult) => void): Promise<void>;
}
