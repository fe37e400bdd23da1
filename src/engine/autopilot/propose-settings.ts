// Settings that fit: length by the rows, rank by how much there is to learn, batch and checkpointing by the memory that may be
// used. Each with its reason, so that a person can judge it. Pure: memory is asked of whoever plans it.

import type { Checkpointing } from '../../gpu/recompute.ts';
import { CHECKPOINTING, levelOf, type TrainSettings } from '../../train/recipe.ts';

export interface DataFacts {
  readonly rows: number;
  /** Of whole rows, rising. */
  readonly lengths: readonly number[];
  readonly supervisedTokens: number;
}

/** Why a setting is proposed; the page has the words. */
export type Reason =
  | { readonly setting: 'rank'; readonly supervisedTokens: number }
  | { readonly setting: 'seqLen'; readonly longest: number; readonly longer: number }
  | { readonly setting: 'batchSize'; readonly isMemory: boolean; readonly rows: number }
  | {
      readonly setting: 'checkpointing';
      readonly level: Checkpointing;
      readonly totalBytes: number;
      readonly budgetBytes: number;
    }
  | { readonly setting: 'scheme'; readonly weightBytes: number; readonly budgetBytes: number };

export interface Proposal {
  readonly settings: TrainSettings;
  readonly reasons: readonly Reason[];
  /** False: even the smallest plan needs more than the budget. */
  readonly isFitting: boolean;
  readonly totalBytes: number;
  /** True: the base would leave more room with its weights in fewer bits. */
  readonly wantsSmallerBase: boolean;
}

const LENGTHS = [32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048];
/** A hundredth of the rows may be cut: one long row must not double the memory of all others. */
const COVERED = 0.99;
/** Beyond these many supervised tokens a larger rank has something to hold. */
const RANKS = [
  [20_000, 8],
  [200_000, 16],
  [Number.POSITIVE_INFINITY, 32],
] as const;

export function proposeSettings(
  settings: TrainSettings,
  data: DataFacts,
  room: { readonly budgetBytes: number; readonly weightBytes: number; readonly contextTokens: number },
  planBytes: (settings: TrainSettings) => number,
): Proposal {
  const reasons: Reason[] = [];
  const isLora = (settings.method ?? 'lora') === 'lora';
  const proposed = RANKS.find(([most]) => data.supervisedTokens < most)![1];
  const { rank, alpha } = isLora ? { rank: proposed, alpha: 2 * proposed } : settings;
  if (isLora) reasons.push({ setting: 'rank', supervisedTokens: data.supervisedTokens });
  const { lengths } = data;
  const covering = lengths[Math.min(lengths.length - 1, Math.floor(lengths.length * COVERED))] ?? 1;
  const seqLen = Math.min(LENGTHS.find((n) => n >= covering) ?? LENGTHS.at(-1)!, room.contextTokens);
  const longer = lengths.filter((n) => n > seqLen).length;
  reasons.push({ setting: 'seqLen', longest: lengths.at(-1) ?? 0, longer });

  // Rows a step: few rows want many steps, many rows a calm curve.
  const perStep = data.rows < 64 ? 2 : data.rows < 1000 ? 4 : 8;
  const start = { ...settings, rank, alpha, seqLen };
  let best: { settings: TrainSettings; totalBytes: number } | undefined;
  for (let batchSize = perStep; batchSize >= 1 && best === undefined; batchSize /= 2) {
    for (const checkpointing of CHECKPOINTING) {
      // Cheaper than recomputing everything: half the rows at a time.
      if (checkpointing === 'block' && batchSize > 1) continue;
      const tried = { ...start, batchSize, gradAccum: perStep / batchSize, checkpointing };
      const totalBytes = planBytes(tried);
      if (totalBytes > room.budgetBytes) continue;
      best = { settings: tried, totalBytes };
      break;
    }
  }
  const smallest = { ...start, batchSize: 1, gradAccum: perStep, checkpointing: 'block' } as const;
  const chosen = best ?? { settings: smallest, totalBytes: planBytes(smallest) };
  const { batchSize } = chosen.settings;
  const level = levelOf(chosen.settings);
  reasons.push({ setting: 'batchSize', isMemory: batchSize < perStep, rows: data.rows });
  reasons.push({ setting: 'checkpointing', level, totalBytes: chosen.totalBytes, budgetBytes: room.budgetBytes });
  const wantsSmallerBase = level === 'block' && room.weightBytes > room.budgetBytes / 2;
  if (wantsSmallerBase)
    reasons.push({ setting: 'scheme', weightBytes: room.weightBytes, budgetBytes: room.budgetBytes });
  // Left to the memory, it is settled to this level; it stays left to it.
  const left =
    settings.checkpointing === 'auto' ? { ...chosen.settings, checkpointing: 'auto' as const } : chosen.settings;
  return { ...chosen, settings: left, reasons, isFitting: best !== undefined, wantsSmallerBase };
}
