// What PEFT's add_weighted_adapter made of the references' adapters (../shared/goldens/llama_merge).

import { sharedJson } from '../../../model/testing/shared.ts';
import type { MergeMethod, MergeOptions } from '../merge-options.ts';

export interface GoldenMerge {
  readonly adapters: readonly string[];
  readonly weights: readonly number[];
  readonly combination_type: MergeMethod;
  readonly svd_rank?: number;
  readonly density?: number;
  readonly majority_sign_method?: 'total' | 'frequency';
  /** The linear whose delta is given as "<name>.delta0". */
  readonly delta0_module: string;
}

/** Below ../shared. */
export const GOLDEN_MERGES = 'goldens/llama_merge';

export const goldenMerges = () =>
  sharedJson<{ cases: Readonly<Record<string, GoldenMerge>> }>(`${GOLDEN_MERGES}/golden.json`).cases;

export const optionsOf = ({
  combination_type: method,
  svd_rank: rank,
  density,
  majority_sign_method: majority,
}: GoldenMerge): MergeOptions => ({ method, rank, density, majority });
