// How much of its general abilities a base has lost under an adapter, over all rows of the bundled text: mean loss of both and
// mean KL. One gauge serves a whole run or a whole curve of strengths.

import { generalRows } from '../../data/general-rows.ts';
import { makeBatch } from '../../data/make-batch.ts';
import type { Batch, TokenRow } from '../../data/types.ts';
import type { FlatAdapter } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { ForgettingMeter } from '../../train/forgetting-meter.ts';
import { sizeClass } from '../../train/run-shape.ts';
import { withPrompt } from '../../train/soft-prompt.ts';

export interface Forgetting {
  /** Mean over the general text, nats a token. */
  readonly loss: number;
  readonly baseLoss: number;
  /** Mean KL(base ‖ adapted) of the predictions, nats a token. */
  readonly kl: number;
  readonly tokens: number;
}

/** Columns of a pass; the meter takes them twice. */
const COLUMNS = 512;

export class ForgettingGauge {
  private constructor(
    private readonly meter: ForgettingMeter,
    private readonly batches: readonly Batch[],
    /** Of the longest row. */
    readonly positions: number,
  ) {}

  /** On the device, beside the adapter, the base, and tables for `positions`. */
  get bytes(): number {
    return this.meter.bytes;
  }

  /** `rows`: other general text than the bundled one. Throws a sentence when the base has no tokenizer to read the text with. */
  static async create(
    model: BaseModel,
    adapter: FlatAdapter,
    rows?: readonly TokenRow[],
    columns = COLUMNS,
  ): Promise<ForgettingGauge> {
    const all = withPrompt(rows ?? (await readGeneralRows(model)), adapter);
    const size = gaugeSize(all, columns);
    const meter = await ForgettingMeter.create(model, adapter, size.columns, size.positions);
    return new ForgettingGauge(meter, packRows(all, size.columns), size.positions);
  }

  /** `onBatch` is told after each pass; `signal` ends the measurement with its reason. */
  async measure(
    strength = 1,
    onBatch: (done: number, total: number) => void = () => {},
    signal?: AbortSignal,
  ): Promise<Forgetting> {
    const sum = { loss: 0, baseLoss: 0, kl: 0, tokens: 0 };
    for (const [i, batch] of this.batches.entries()) {
      signal?.throwIfAborted();
      const { losses, baseLosses, divergences } = await this.meter.measure(batch, strength);
      for (const loss of losses) sum.loss += loss;
      for (const loss of baseLosses) sum.baseLoss += loss;
      for (const kl of divergences) sum.kl += kl;
      sum.tokens += losses.length;
      onBatch(i + 1, this.batches.length);
    }
    const { tokens } = sum;
    return { loss: sum.loss / tokens, baseLoss: sum.baseLoss / tokens, kl: sum.kl / tokens, tokens };
  }

  destroy(): void {
    this.meter.destroy();
  }
}

/** Columns of a pass over these rows, and positions of the longest. */
export function gaugeSize(rows: readonly TokenRow[], columns: number): { columns: number; positions: number } {
  const positions = rows.reduce((most, { ids }) => Math.max(most, ids.length), 1);
  return { columns: sizeClass(Math.max(columns, positions)), positions };
}

export async function readGeneralRows(model: Pick<BaseModel, 'folder'>): Promise<TokenRow[]> {
  const tokenizer = await model.folder.loadTokenizer?.();
  if (tokenizer === undefined)
    throw new Error(
      `Cannot measure forgetting: found no tokenizer.json in "${model.folder.name}", need one to read text`,
    );
  return generalRows(tokenizer);
}

/** Whole rows side by side in batches of one size. */
function packRows(rows: readonly TokenRow[], columns: number): Batch[] {
  const groups: number[][] = [];
  let used = columns;
  for (const [i, { ids }] of rows.entries()) {
    if (used + ids.length > columns) {
      groups.push([]);
      used = 0;
    }
    groups.at(-1)!.push(i);
    used += ids.length;
  }
  return groups.map((indices) => makeBatch(rows, indices, columns));
}
