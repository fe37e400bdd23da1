// What a run will take of a device's memory, from a model's headers alone: no GPU, no weights read.

import { totalmem } from 'node:os';
import { worstColumns } from '../data/make-batch.ts';
import type { Checkpointing } from '../gpu/recompute.ts';
import { BASE_TRAITS } from '../gpu/traits.ts';
import { countTrainable } from '../lora/adapter-tensors.ts';
import { chooseQuant } from '../model/choose-quant.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { modelParts } from '../model/model-parts.ts';
import { tableBytes } from '../model/model-pass.ts';
import { planModel } from '../model/planned-model.ts';
import type { QuantChoice } from '../model/prepare-weights.ts';
import { checkSettings } from '../train/check-settings.ts';
import { CHECKPOINTING, levelOf, type TrainSettings } from '../train/recipe.ts';
import { sizeClass } from '../train/run-shape.ts';
import { promptLength } from '../train/soft-prompt.ts';
import { planStep } from '../train/train-step.ts';
import { settleCheckpointing } from './autopilot/settle-checkpointing.ts';
import { findModel, hubAccess } from './model-at.node.ts';
import { newShape } from './train-adapter.ts';

/** Bytes on the device, by what they are for; `total` is their sum. */
export interface RunPlan {
  readonly model: string;
  /** Columns of the largest micro-batch: its tokens, padded. */
  readonly columns: number;
  /** How the weights lie. */
  readonly quant: QuantChoice;
  readonly trainableParameters: number;
  /** Of the settings, or what they are settled to where they leave it to the memory. */
  readonly checkpointing: Checkpointing;
  readonly weights: number;
  readonly tables: number;
  readonly adapter: number;
  readonly activations: number;
  readonly other: number;
  readonly total: number;
  /** What one binding has to hold; WebGPU guarantees 128 MiB. */
  readonly largest: { readonly name: string; readonly bytes: number };
  /** The total with each level of checkpointing. */
  readonly totals: Readonly<Record<Checkpointing, number>>;
}

/**
 * For rows of `settings.seqLen` tokens, `batchSize` of them side by side. `budgetBytes` settles what they leave to the memory: half
 * of the machine's when absent. A device may still refuse what is planned.
 */
export async function planRunAt(
  at: string,
  asked: QuantChoice | 'auto',
  settings: TrainSettings,
  { token, budgetBytes = totalmem() / 2 }: { readonly token?: string | undefined; readonly budgetBytes?: number } = {},
): Promise<RunPlan> {
  checkSettings(settings);
  const { files, name } = await findModel(at, hubAccess(token));
  const folder = await openModelFolder(files, name);
  const room = { memoryBytes: totalmem() };
  const quant = asked === 'auto' ? chooseQuant(modelParts(folder.config).tensors, folder.tensors, room) : asked;
  const model = planModel(folder, quant);
  const adapter = newShape(model, settings);
  const { batchSize, dropout } = settings;
  const seqLen = settings.seqLen + promptLength({ shape: adapter });
  // The last token of a row is only asked for.
  const columns = sizeClass(worstColumns(new Array<number>(batchSize).fill(seqLen - 1), batchSize));
  const plan = (checkpointing: Checkpointing) =>
    planStep(model, ANY_DEVICE, adapter, { columns, positions: seqLen, dropout, checkpointing });
  const before = model.weightBytes + tableBytes(model.config, seqLen);
  const settled = settleCheckpointing(settings, budgetBytes, (tried) => before + plan(levelOf(tried)).total);
  const checkpointing = levelOf(settled.settings);
  const { largest, total, ...bytes } = plan(checkpointing);
  const weights = model.weightBytes;
  const tables = tableBytes(model.config, seqLen);
  const totals = CHECKPOINTING.map((level) => [level, weights + tables + plan(level).total] as const);
  return {
    model: folder.name,
    columns,
    quant,
    trainableParameters: countTrainable(adapter),
    checkpointing,
    weights,
    tables,
    ...bytes,
    total: weights + tables + total,
    largest,
    totals: Object.fromEntries(totals) as RunPlan['totals'],
  };
}

const ANY_DEVICE = {
  ...BASE_TRAITS,
  maxBindingBytes: Number.POSITIVE_INFINITY,
  maxBufferBytes: Number.POSITIVE_INFINITY,
};
