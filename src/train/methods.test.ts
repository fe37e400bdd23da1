// The methods beside LoRA against torch + transformers + PEFT (tools/fixtures/make-methods.py): logits in use, loss, every
// gradient, twenty steps, greedy ids, the merged model, and the files both ways. Tolerances: ../shared/goldens/README.md.

import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Adapter } from '../lora/adapter.ts';
import { tensorsOf, withTensors } from '../lora/adapter-tensors.ts';
import { mergedFolder } from '../lora/files/merged-folder.ts';
import { readPeftFolder, writePeftFolder } from '../lora/files/peft.ts';
import { BaseModel } from '../model/base-model.ts';
import { fileFromBytes } from '../model/model-file.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { collectFile } from '../model/testing/collect-file.ts';
import { F32, modelsFor } from '../model/testing/open-model.ts';
import { expectLosses, expectScores } from './testing/expect-golden.ts';
import { gradientErrors, greedyIds, trainTwenty } from './testing/follow-golden.ts';
import {
  type BaseJson,
  diskFolder,
  type GoldenJson,
  goldenPath,
  readGoldenJson,
  readGoldenTensors,
  relativeL2,
} from './testing/golden.ts';
import { score, worstLogit } from './testing/score-golden.ts';
import { FINAL_ADAPTER, GRADIENT, LOGITS } from './testing/tolerances.ts';

/** Case of the fixtures, and a tensor that it is about: disturbed, nothing agrees any more. */
const CASES: readonly (readonly [name: string, heart: RegExp])[] = [
  ['llama_yarn/ia3', /down_proj.ia3_l/],
  ['gpt2_hub/ia3', /c_attn.ia3_l/],
  ['qwen2_windows/ia3_saved', /o_proj.ia3_l/],
  ['qwen3_biases/ia3_head', /lm_head.ia3_l/],
  ['llama_yarn/pfeiffer', /1.output_adapters.*adapter_up.weight/],
  ['llama_yarn/houlsby', /0.attention_adapters.*adapter_down.0.weight/],
  ['gpt2_hub/bottleneck', /adapter_up.bias/],
  ['mistral_wide/pfeiffer', /adapter_down.0.weight/],
  ['llama_yarn/prompt', /prompt_embeddings/],
  ['gpt2_hub/prompt', /prompt_embeddings/],
  ['gemma3_linear/prompt', /prompt_embeddings/],
  ['bloom_three_heads/prompt', /prompt_embeddings/],
];

const modelAt = modelsFor((family) => goldenPath(`${family}/model`)!, F32);

describe.each(CASES)('against PEFT: %s', (name, heart) => {
  const folder = goldenPath(name)!;
  const family = path.dirname(name);
  const json = readGoldenJson<GoldenJson & { readonly labels: number[][] }>(folder, 'golden.json');
  const { batch } = readGoldenJson<BaseJson>(goldenPath(family)!, 'base.json');
  const base = { ...json, batch: { ...batch, labels: json.labels } };
  const golden = () => readGoldenTensors(path.join(folder, 'golden.safetensors'));
  const adapterAt = async (which: string) => {
    const { parts } = await modelAt(family);
    return (await readPeftFolder(diskFolder(path.join(folder, which)), parts)).adapter;
  };

  it('gives the logits, the loss and every gradient', async () => {
    const [model, adapter, expected] = [await modelAt(family), await adapterAt('adapter'), await golden()];
    await expectScores(model, adapter, base, { logits: expected.get('logits')!, loss: json.loss });
    const errors = await gradientErrors(model, adapter, base, expected);
    expect(errors.map(([tensor]) => tensor).sort()).toEqual([...tensorsOf(adapter).keys()].sort());
    for (const [tensor, difference] of errors) expect(difference, tensor).toBeLessThan(GRADIENT);
  });

  it('follows twenty steps of AdamW to the same adapter', async () => {
    const { losses, final } = await trainTwenty(
      await modelAt(family),
      await adapterAt('adapter'),
      base,
      json.training.lrs,
    );
    expectLosses(losses, json.training.losses);
    const expected = tensorsOf(await adapterAt('adapter_final'));
    for (const [tensor, values] of final)
      expect(relativeL2(values, expected.get(tensor)!), tensor).toBeLessThan(FINAL_ADAPTER);
  });

  it('continues greedily with the same ids', async () => {
    expect(await greedyIds(await modelAt(family), await adapterAt('adapter'), base)).toEqual(json.greedy.new_ids);
  });

  it('writes what PEFT wrote, to the bit, and reads it again', async () => {
    const { parts } = await modelAt(family);
    for (const which of ['adapter', 'adapter_final']) {
      const adapter = await adapterAt(which);
      const files = writePeftFolder(adapter, { name: 'test' });
      const weights = `adapter${name.endsWith('prompt') || name.includes('ia3') ? '_model' : ''}.safetensors`;
      const bytesOf = (file: string) => files.find((found) => found.name === file)!.bytes;
      const ours = await readGoldenTensors(bytesOf(weights));
      const theirs = await readGoldenTensors(path.join(folder, which, weights));
      expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
      for (const [key, values] of theirs) expect(ours.get(key), key).toEqual(values);
      const config = JSON.parse(new TextDecoder().decode(bytesOf('adapter_config.json')));
      const theirConfig = readGoldenJson<Record<string, unknown>>(path.join(folder, which), 'adapter_config.json');
      // They name the folder that the base was in, and its own version.
      for (const key of Object.keys(config).filter(
        (k) => !['base_model_name_or_path', 'model_name', 'config'].includes(k),
      ))
        expect(sortedLists(config[key]), key).toEqual(sortedLists(theirConfig[key]));
      // AdapterHub's own fields, of which those that are as usual may be left out.
      if (config.config) expect(theirConfig.config).toMatchObject(config.config);
      const opened = files.map((file) => fileFromBytes(file.name, file.bytes));
      const again = (await readPeftFolder(opened, parts)).adapter;
      expect(tensorsOf(again)).toEqual(tensorsOf(adapter));
    }
  });

  it('notices a disturbed tensor (control)', async () => {
    const [model, adapter, expected] = [await modelAt(family), await adapterAt('adapter'), await golden()];
    const disturbed = disturb(adapter, heart);
    const { logits } = await score(model, disturbed, base);
    expect(worstLogit(logits, expected.get('logits')!, base, model.config.vocab)).toBeGreaterThan(LOGITS);
    const errors = (await gradientErrors(model, disturbed, base, expected)).map(([, error]) => error);
    expect(Math.max(...errors)).toBeGreaterThan(GRADIENT);
  });

  it.runIf(name.includes('/ia3'))('merges into the model that merge_and_unload gives, or should', async () => {
    const model = await modelAt(family);
    const expected = (await golden()).get('merged_final_logits')!;
    const merged = await openMerged(model, await adapterAt('adapter_final'));
    const control = await openMerged(model, disturb(await adapterAt('adapter_final'), heart));
    try {
      const difference = async (of: BaseModel) =>
        worstLogit((await score(of, undefined, base)).logits, expected, base, of.config.vocab);
      expect(await difference(merged)).toBeLessThan(LOGITS);
      expect(await difference(control)).toBeGreaterThan(LOGITS);
    } finally {
      merged.destroy();
      control.destroy();
    }
  });
});

/** Written as a folder and opened again. */
async function openMerged({ device, folder }: BaseModel, adapter: Adapter): Promise<BaseModel> {
  const streamed = await mergedFolder({ folder, quant: F32 }, adapter, 'f32');
  const files = await Promise.all(streamed.map(async (file) => fileFromBytes(file.name, await collectFile(file))));
  return BaseModel.open(device, await openModelFolder(files, 'merged'), F32);
}

/** Sets come out of Python in any order. */
function sortedLists(value: unknown): unknown {
  return Array.isArray(value) ? value.toSorted() : value;
}

/** Every other number alone: a norm behind the embedding does not see a scale, nor a shift of all. */
function disturb(adapter: Adapter, heart: RegExp): Adapter {
  const table = tensorsOf(adapter);
  const [name, values] = [...table].find(([tensor]) => heart.test(tensor))!;
  return withTensors(
    adapter,
    table.set(
      name,
      values.map((v, i) => (i % 2 === 0 ? v * 1.1 + 0.05 : v)),
    ),
  );
}
