// What short runs over the tests' tiny base train: rows with something to learn in them, and a fresh LoRA.

import type { TokenRow } from '../../data/types.ts';
import type { Adapter } from '../../lora/adapter.ts';
import { FlatAdapter } from '../../lora/flat-adapter.ts';
import { initAdapter } from '../../lora/init-adapter.ts';
import { DEFAULT_LORA } from '../../lora/lora-config.ts';
import type { BaseModel } from '../../model/base-model.ts';
import type { TrainSettings } from '../recipe.ts';

/** Rows that repeat a short pattern, of the lengths that `lengthOf` says; all but the first two tokens are learned. */
export function patternRows(count: number, lengthOf = (i: number) => 6 + ((i * 7) % 12)): TokenRow[] {
  return Array.from({ length: count }, (_, i) => {
    const ids = Int32Array.from({ length: lengthOf(i) }, (_, t) => 3 + ((i + t * t) % 29));
    return { file: 'test', line: i + 1, ids, mask: Uint8Array.from(ids, (_, t) => (t > 1 ? 1 : 0)) };
  });
}

/** The same rows as a dataset file. */
export function rowsAsJsonl(rows: readonly TokenRow[]): string {
  const line = ({ ids, mask }: TokenRow) =>
    JSON.stringify({ input_ids: [...ids], labels: Array.from(ids, (id, t) => (mask[t] ? id : -100)) });
  return rows.map(line).join('\n');
}

export function freshLora(model: BaseModel, { rank, alpha, targets, seed }: TrainSettings): Adapter {
  const config = { ...DEFAULT_LORA, r: rank, lora_alpha: alpha, target_modules: targets };
  return initAdapter(config, model.parts, seed);
}

export async function freshFlatLora(model: BaseModel, settings: TrainSettings): Promise<FlatAdapter> {
  return FlatAdapter.load(model.device, freshLora(model, settings));
}
