// The lab for the command line: an adapter's folder looked into, measured on a base, cut to a lower rank.

import path from 'node:path';
import type { TokenRow } from '../data/types.ts';
import { type Adapter, asLora } from '../lora/adapter.ts';
import { readAdapter } from '../lora/files/read-adapter.ts';
import { readAdapterAlone } from '../lora/files/read-alone.ts';
import { FlatAdapter } from '../lora/flat-adapter.ts';
import { truncateAdapter } from '../lora/lab/truncate-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { openModelFiles, writeFolder } from '../storage/node.ts';
import { type Likeness, likenessTo } from './lab/adapter-anatomy.ts';
import { type Forgetting, ForgettingGauge } from './lab/forgetting-gauge.ts';
import { type StrengthPoint, strengthCurve } from './lab/strength-curve.ts';
import { adapterFiles } from './receipt/adapter-files.ts';

export { methodName } from '../lora/adapter-config.ts';
export { rankFor } from '../lora/lab/module-spectrum.ts';
export { type AdapterAnatomy, adapterAnatomy, type Likeness } from './lab/adapter-anatomy.ts';
export { baseNorms } from './lab/base-norms.ts';
export { type BaseSpectrum, baseSpectrum } from './lab/base-spectrum.ts';
export { measureChange } from './lab/measure-change.ts';
export { type RankLoss, rankLosses } from './lab/rank-losses.ts';
export { STRENGTHS, type StrengthPoint } from './lab/strength-curve.ts';

/** With a base any format that Graft writes, without one a PEFT folder. */
export async function readLabAdapter(at: string, model?: BaseModel): Promise<Adapter> {
  const files = await openModelFiles(at);
  return (model === undefined ? await readAdapterAlone(files) : await readAdapter(files, model.config)).adapter;
}

/** The cosine between the changes of two LoRAs. Throws a RangeError for other methods. */
export function likenessOf(adapter: Adapter, name: string, other: Adapter): Likeness {
  const action = `compare the adapter with "${name}"`;
  return likenessTo(asLora(adapter, action), name, asLora(other, action));
}

/** Writes the adapter at a lower rank; the base is needed for what its receipt says of it. */
export async function saveTruncated(adapter: Adapter, rank: number, out: string, model: BaseModel): Promise<void> {
  const name = path.basename(path.resolve(out));
  const made = { made: 'truncated', from: { rank: asLora(adapter, 'cut the rank').config.r, 'cut to': rank } } as const;
  await writeFolder(out, await adapterFiles(model, { adapter: truncateAdapter(adapter, rank), name, made }));
}

/** A point for each strength, as it is measured. */
export async function* measureStrengths(
  model: BaseModel,
  adapter: Adapter,
  task: readonly TokenRow[] | undefined,
  strengths: readonly number[] | undefined,
): AsyncGenerator<StrengthPoint> {
  const flat = await FlatAdapter.load(model.device, adapter);
  try {
    yield* strengthCurve(model, flat, { task, strengths });
  } finally {
    flat.destroy();
  }
}

/** At the strength that it was trained with. */
export async function measureForgetting(model: BaseModel, adapter: Adapter): Promise<Forgetting> {
  const flat = await FlatAdapter.load(model.device, adapter);
  let gauge: ForgettingGauge | undefined;
  try {
    gauge = await ForgettingGauge.create(model, flat);
    return await gauge.measure();
  } finally {
    gauge?.destroy();
    flat.destroy();
  }
}
