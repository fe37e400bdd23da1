// Reference cases of torch + PEFT as the tests use them: a model folder, an adapter, a batch, and the numbers to match.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { makeBatch } from '../../data/make-batch.ts';
import type { Batch, TokenRow } from '../../data/types.ts';
import { fileFromBytes } from '../../model/model-file.ts';
import { readModelTensors } from '../../model/model-tensors.ts';
import { readTensor } from '../../model/read-tensor.ts';
import { diskFolder, sharedPath } from '../../model/testing/shared.ts';
import { type Prompted, promptLength, withPrompt } from '../soft-prompt.ts';

export interface GoldenJson {
  readonly loss: number;
  readonly greedy: { readonly new_ids: readonly (readonly number[])[] };
  readonly training: {
    readonly losses: readonly number[];
    readonly grad_norms: readonly number[];
    readonly lrs: readonly number[];
  };
}
export interface BaseJson extends Omit<GoldenJson, 'training'> {
  readonly batch: { readonly input_ids: number[][]; readonly attention_mask: number[][]; readonly labels: number[][] };
}

/** A folder of the references, or of the fixtures that are always there; undefined when it is neither. */
export function goldenPath(relative: string): string | undefined {
  const fixture = path.resolve(import.meta.dirname, 'fixtures', relative);
  if (existsSync(fixture)) return fixture;
  const shared = sharedPath(path.join('goldens', relative));
  return existsSync(shared) ? shared : undefined;
}

export function readGoldenJson<T>(folder: string, name: string): T {
  return JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as T;
}

/** All tensors of a safetensors file, as f32. I32 tensors are left out. */
export async function readGoldenTensors(file: string | Uint8Array): Promise<Map<string, Float32Array>> {
  const bytes = typeof file === 'string' ? new Uint8Array(readFileSync(file)) : file;
  const source = fileFromBytes('model.safetensors', bytes);
  const { tensors } = await readModelTensors([source]);
  const out = new Map<string, Float32Array>();
  for (const [name, info] of tensors) if (info.dtype === 'F32') out.set(name, await readTensor(info));
  return out;
}

/** The batch of the references without its padding. The first token is learned where something stands before it. */
export function goldenRows({ batch }: BaseJson, learnsFirst = false): TokenRow[] {
  return batch.input_ids.map((ids, row) => {
    const length = batch.attention_mask[row]!.reduce((a, b) => a + b, 0);
    return {
      file: 'golden',
      line: row + 1,
      ids: Int32Array.from(ids.slice(0, length)),
      mask: Uint8Array.from(batch.labels[row]!.slice(0, length), (label, i) =>
        label !== -100 && (i > 0 || learnsFirst) ? 1 : 0,
      ),
    };
  });
}

export function goldenBatch(base: BaseJson, adapter?: Prompted): Batch {
  const before = promptLength(adapter);
  const rows = withPrompt(goldenRows(base, before > 0), adapter);
  return makeBatch(rows, [...rows.keys()], before > 0 ? 16 * Math.ceil((48 + 2 * before) / 16) : 48);
}

/** Logits [row][token][V] of our (V,T) result, at the batch's own positions. */
export function* columnsOf(base: BaseJson): Generator<{ row: number; token: number; column: number }> {
  let column = 0;
  for (const [row, { ids }] of goldenRows(base).entries())
    for (let token = 0; token < ids.length; token++) yield { row, token, column: column++ };
}

export function relativeL2(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return Math.sqrt(difference / Math.max(norm, 1e-30));
}

export { diskFolder };
