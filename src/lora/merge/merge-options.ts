// What can be merged, and how: the methods of PEFT's add_weighted_adapter.

import type { Adapter } from '../adapter.ts';
import type { SignMajority } from './combine-tensors.ts';

export const MERGE_METHODS = [
  'linear',
  'cat',
  'svd',
  'ties',
  'ties_svd',
  'dare_linear',
  'dare_ties',
  'dare_linear_svd',
  'dare_ties_svd',
  'magnitude_prune',
  'magnitude_prune_svd',
] as const;
export type MergeMethod = (typeof MERGE_METHODS)[number];

/** Those that keep a share of the elements, `density`. */
export const isPruning = (method: MergeMethod): boolean => /^(ties|dare|magnitude)/.test(method);

/** The base that an adapter was made for. */
export interface MergeBase {
  readonly name: string;
  /** SHA-256 of its weights as they were stored, in `quant`. */
  readonly hash: string;
  /** Of its linears; absent where that is not known. */
  readonly quant?: string | undefined;
}

/** What tells without an adapter's files whether it may be merged with another. */
export interface MergeFacts {
  /** How the user calls it, for messages. */
  readonly name: string;
  /** As `methodName` has it. */
  readonly method: string;
  /** Absent where nothing says. */
  readonly base?: MergeBase | undefined;
}

export interface MergeInput extends Pick<MergeFacts, 'name' | 'base'> {
  readonly adapter: Adapter;
  /** May be negative. */
  readonly weight: number;
}

export interface MergeOptions {
  readonly method: MergeMethod;
  /** Of the result, for svd methods; the largest rank among the inputs when it is left out. */
  readonly rank?: number | undefined;
  /** Share of elements that ties, dare and magnitude_prune keep. */
  readonly density?: number | undefined;
  readonly majority?: SignMajority | undefined;
  /** Of dare's masks. */
  readonly seed?: number | undefined;
  /** For DoRA: lengths of the rows of the base's linears, by path (base-lengths.ts). */
  readonly baseLengths?: ReadonlyMap<string, Float32Array> | undefined;
}
