// Lab: an adapter looked into, measured at other ranks and strengths, cut and merged.

import type { MergeMethod } from '../../lora/merge/merge-adapters.ts';
import type { AdapterAnatomy, Likeness } from '../lab/adapter-anatomy.ts';
import type { BaseSpectrum } from '../lab/base-spectrum.ts';
import type { RankLoss } from '../lab/rank-losses.ts';
import type { StrengthPoint } from '../lab/strength-curve.ts';
import type { AdapterRecord } from './library.ts';

export type { MergeMethod } from '../../lora/merge/merge-adapters.ts';
export type { AdapterAnatomy, Likeness, ModuleAnatomy } from '../lab/adapter-anatomy.ts';
export type { BaseSpectrum } from '../lab/base-spectrum.ts';
export type { PartChange } from '../lab/measure-change.ts';
export type { RankLoss } from '../lab/rank-losses.ts';
export type { StrengthPoint } from '../lab/strength-curve.ts';

/** Which rows a loss was measured on. */
export interface MeasuredRows {
  readonly rows: number;
  /** True: rows that the adapter was not trained on. */
  readonly isHeldBack: boolean;
}

export interface LikenessOf extends Likeness {
  readonly id: string;
}

/** Another adapter, as something to merge with. */
export interface MergePartner {
  readonly id: string;
  readonly name: string;
  /** Why its method or its base rules that out, as the rest of "Cannot merge the adapters: ". */
  readonly obstacle: string | undefined;
}

/** How two adapters can be merged. */
export interface MergeWays {
  /** None: they cannot. */
  readonly methods: readonly MergeMethod[];
  /** Why not, as of MergePartner. */
  readonly obstacle: string | undefined;
}

export interface MergeRequest {
  readonly name: string;
  readonly inputs: readonly { readonly id: string; readonly weight: number }[];
  readonly method: MergeMethod;
  readonly rank?: number;
  readonly density?: number;
}

export interface LabApi {
  /** Needs no base; with the adapter's own one open, the norms of its matrices are told too. */
  anatomy(id: string): Promise<AdapterAnatomy>;
  /** The cosine with every other kept adapter that sits on the same linears. */
  likeness(id: string): Promise<readonly LikenessOf[]>;
  /** The loss of the open dataset at each rank, as it is measured. Resolves early when stopped. */
  rankLosses(id: string, onPoint: (point: RankLoss) => void): Promise<MeasuredRows>;
  /** What is forgotten at each strength, beside the loss of the open dataset if there is one. Resolves early when stopped. */
  strengths(id: string, onPoint: (point: StrengthPoint) => void): Promise<MeasuredRows | undefined>;
  stop(): Promise<void>;
  saveTruncated(id: string, rank: number, name: string): Promise<AdapterRecord>;
  /** Every other kept adapter. Reads their records alone: `mergeWays` says the rest. */
  mergePartners(id: string): Promise<readonly MergePartner[]>;
  /** How the two can be merged, with their base open. Reads the files of both. */
  mergeWays(id: string, otherId: string): Promise<MergeWays>;
  merge(request: MergeRequest): Promise<AdapterRecord>;
  /** The largest singular values of one of the base's own matrices. */
  baseSpectrum(path: string): Promise<BaseSpectrum>;
  /** Paths that `baseSpectrum` takes. */
  baseMatrices(): Promise<readonly string[]>;
}
