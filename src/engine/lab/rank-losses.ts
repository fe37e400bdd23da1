// What an adapter would still do at each lower rank: its loss on rows, with every ΔW cut to its largest singular values.

import type { TokenRow } from '../../data/types.ts';
import type { Adapter } from '../../lora/adapter.ts';
import { tensorsOf } from '../../lora/adapter-tensors.ts';
import { FlatAdapter } from '../../lora/flat-adapter.ts';
import { spectralAdapter } from '../../lora/lab/truncate-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { RowsLoss } from './rows-loss.ts';

export interface RankLoss {
  /** 0: the base alone. */
  readonly rank: number;
  readonly loss: number;
}

/**
 * Yields the loss at each of `ranks` (every rank from 0 by default), as it is measured. The adapter goes to the device once, in
 * the basis of its singular vectors; a lower rank is the same with the further columns of B set to 0.
 */
export async function* rankLosses(
  model: BaseModel,
  adapter: Adapter,
  rows: readonly TokenRow[],
  ranks?: readonly number[],
  signal?: AbortSignal,
): AsyncGenerator<RankLoss> {
  const spectral = spectralAdapter(adapter);
  const flat = await FlatAdapter.load(model.device, spectral);
  let meter: RowsLoss | undefined;
  try {
    meter = await RowsLoss.create(model, flat, rows);
    for (const rank of ranks ?? everyRank(spectral.config.r)) {
      flat.write(tensorsOf(cut(spectral, rank)));
      yield { rank, loss: await meter.measure(rank === 0 ? 0 : 1, signal) };
    }
  } finally {
    meter?.destroy();
    flat.destroy();
  }
}

/** All ranks of a small adapter; of a large one about a dozen, closer together where they matter. */
export function everyRank(most: number): number[] {
  if (most <= 16) return Array.from({ length: most + 1 }, (_, rank) => rank);
  const ranks = new Set([0, 1, 2, 3, 4, 6, 8]);
  for (let rank = 12; rank < most; rank = Math.ceil(rank * 1.35)) ranks.add(rank);
  return [...ranks, most];
}

/** The same shapes, with B's columns from `rank` on at 0. */
function cut(adapter: Adapter, rank: number): Adapter {
  const modules = [...adapter.modules].map(
    ([path, module]) =>
      [path, { ...module, b: module.b.map((value, i) => (i % module.r < rank ? value : 0)) }] as const,
  );
  return { ...adapter, modules: new Map(modules) };
}
