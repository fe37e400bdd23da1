// An adapter merged into its base, written as a folder and opened again, against PEFT's merge_and_unload of every family.

import path from 'node:path';
import { expect, it } from 'vitest';
import { openDevice } from '../gpu/testing/open-device.ts';
import { mergedFolder } from '../lora/files/merged-folder.ts';
import { readAdapter } from '../lora/files/read-adapter.ts';
import { BaseModel } from '../model/base-model.ts';
import { fileFromBytes } from '../model/model-file.ts';
import { openModelFolder } from '../model/model-folder.ts';
import type { QuantChoice } from '../model/prepare-weights.ts';
import { collectFile } from '../model/testing/collect-file.ts';
import { describeWithShared } from '../model/testing/shared.ts';
import { type BaseJson, diskFolder, goldenPath, readGoldenJson, readGoldenTensors } from './testing/golden.ts';
import { score, worstLogit } from './testing/score-golden.ts';

/** As ../shared/goldens/README.md gives it for merged against unmerged logits in f32. */
const LOGITS = 2e-4;
const F32: QuantChoice = { linears: 'f32', embeddings: 'f32' };
const FAMILIES = [
  'llama',
  'llama_untied',
  'llama_rope3',
  'qwen2',
  'qwen3',
  'gemma3_text',
  'mistral',
  'gpt2',
  'gpt_neox',
  'phi3',
  'opt',
  'bloom',
];

async function mergedLogits(family: string, name: string, merge: boolean) {
  const folder = await openModelFolder(diskFolder(goldenPath(`${family}/model`)!), family);
  const files = diskFolder(goldenPath(`${family}/${name}/adapter`)!);
  const { adapter } = await readAdapter(files, folder.config);
  const streamed = await mergedFolder({ folder, quant: F32 }, merge ? adapter : undefined, 'f32');
  const written = await Promise.all(streamed.map(async (file) => fileFromBytes(file.name, await collectFile(file))));
  const model = await BaseModel.open(await openDevice(), await openModelFolder(written, family), F32);
  try {
    const base = readGoldenJson<BaseJson>(goldenPath(family)!, 'base.json');
    return { base, vocab: model.config.vocab, ...(await score(model, undefined, base)) };
  } finally {
    model.destroy();
  }
}

/** Largest difference at the positions that the reference holds: all real ones, or the last of the unpadded row alone. */
async function worst(family: string, name: string, merge = true): Promise<number> {
  const { base, vocab, logits } = await mergedLogits(family, name, merge);
  const golden = await readGoldenTensors(path.join(goldenPath(`${family}/${name}`)!, 'golden.safetensors'));
  const expected = golden.get('merged_logits')!;
  const rows = base.batch.input_ids.length;
  const length = base.batch.input_ids[0]!.length;
  if (expected.length === rows * length * vocab) return worstLogit(logits, expected, base, vocab);
  const columns = logits.length / vocab;
  let most = 0;
  for (let v = 0; v < vocab; v++) most = Math.max(most, Math.abs(logits[v * columns + length - 1]! - expected[v]!));
  return most;
}

describeWithShared('merged adapters of every family', 'goldens/llama/lora_default/adapter', () => {
  it.each(FAMILIES)('%s answers as PEFT’s merge_and_unload', async (family) => {
    for (const name of ['lora_default', 'lora_all_linear'])
      if (goldenPath(`${family}/${name}`) !== undefined) expect(await worst(family, name), name).toBeLessThan(LOGITS);
  });

  it('the base alone does not (control)', async () => {
    expect(await worst('llama', 'lora_default', false)).toBeGreaterThan(100 * LOGITS);
    expect(await worst('gpt2', 'lora_all_linear', false)).toBeGreaterThan(100 * LOGITS);
  });
});
