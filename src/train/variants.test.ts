// Everything that PEFT's LoraConfig makes of LoRA, against torch + transformers + PEFT: logits in use, loss, every gradient,
// twenty steps, and the files both ways. Tolerances and how they were measured: ../shared/goldens/README.md.

import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Adapter, asLora } from '../lora/adapter.ts';
import { tensorsOf, withTensors } from '../lora/adapter-tensors.ts';
import { readPeftFolder, writePeftFolder } from '../lora/files/peft.ts';
import { FlatAdapter } from '../lora/flat-adapter.ts';
import { plainLora } from '../lora/plain-lora.ts';
import { fileFromBytes } from '../model/model-file.ts';
import { F32, modelsFor } from '../model/testing/open-model.ts';
import { ForgettingMeter } from './forgetting-meter.ts';
import type { OptimizerGroups } from './optimizer.ts';
import { expectLosses, expectScores } from './testing/expect-golden.ts';
import { gradientErrors, trainTwenty } from './testing/follow-golden.ts';
import {
  type BaseJson,
  diskFolder,
  type GoldenJson,
  goldenBatch,
  goldenPath,
  readGoldenJson,
  readGoldenTensors,
  relativeL2,
} from './testing/golden.ts';
import { score, worstLogit } from './testing/score-golden.ts';
import { ALL_LOSSES, FINAL_ADAPTER, GRADIENT, LOGITS, LOSS } from './testing/tolerances.ts';

interface Variant {
  /** Of the goldens' llama_variants, or "<family>/<case>" of the fixtures (tools/fixtures/make-variants.py). */
  readonly name: string;
  readonly model?: string;
  readonly groups?: OptimizerGroups;
  /** A tensor that the variant is about: disturbed, nothing agrees any more. */
  readonly heart: RegExp;
  /** Elements of a final tensor that rounding decides; see the goldens' README. */
  readonly leaveOut?: (tensor: string, index: number, length: number) => boolean;
}

/** The bias of k has gradient 0 but for rounding, which Adam makes steps of: the middle of q, k and v side by side. */
function isKeyBias(ending: string): NonNullable<Variant['leaveOut']> {
  return (tensor, i, length) => tensor.endsWith(ending) && Math.floor((3 * i) / length) === 1;
}
/** The same where q, k and v lie side by side in each of the three heads. */
const isKeyBiasOfHead: NonNullable<Variant['leaveOut']> = (tensor, i, length) =>
  /query_key_value\.(base_layer\.bias|lora_B\.bias)$/.test(tensor) && Math.floor((9 * i) / length) % 3 === 1;

const VARIANTS: readonly Variant[] = [
  { name: 'rslora', heart: /lora_B/ },
  { name: 'rank_pattern', heart: /down_proj.lora_B/ },
  { name: 'gaussian', heart: /lora_A/ },
  { name: 'init_default', heart: /lora_B/ },
  { name: 'layers_to_transform', heart: /layers.1.*lora_B/ },
  { name: 'regex', heart: /up_proj.lora_B/ },
  { name: 'exclude_modules', heart: /o_proj.lora_B/ },
  { name: 'dora', heart: /lora_magnitude_vector/ },
  { name: 'dora_all_linear', heart: /down_proj.lora_magnitude_vector/ },
  { name: 'gpt2_dora', model: 'gpt2', heart: /lora_magnitude_vector/ },
  { name: 'lora_bias', heart: /lora_B.bias/ },
  { name: 'modules_to_save', heart: /^lm_head.weight/ },
  { name: 'embedding_lm_head', heart: /lora_embedding_B/ },
  // None of its tokens is in the batch: "tied_tokens" below has some that are.
  { name: 'train_tokens', heart: /lora_B/ },
  {
    name: 'gpt2_bias_lora_only',
    model: 'gpt2',
    heart: /base_layer.bias/,
    leaveOut: isKeyBias('base_layer.bias'),
  },
  { name: 'qwen2_windows/tied_tokens', heart: /trainable_tokens_delta/ },
  { name: 'qwen2_windows/tied_head_norms', heart: /input_layernorm/ },
  { name: 'gpt2_hub/embedding_saved', heart: /wte.weight/ },
  { name: 'gpt2_hub/conv1d_saved', heart: /c_fc.weight/ },
  { name: 'gpt2_hub/bias_all', heart: /ln_1.bias/, leaveOut: isKeyBias('c_attn.bias') },
  { name: 'gemma3_linear/embedding', heart: /lora_embedding_A/ },
  { name: 'gemma3_linear/tokens_norms', heart: /q_norm/ },
  { name: 'gpt_neox_sequential/dora_head', heart: /lm_head.lora_magnitude/, leaveOut: isKeyBiasOfHead },
  { name: 'gpt_neox_sequential/linear_saved', heart: /dense_h_to_4h.bias/, leaveOut: isKeyBiasOfHead },
  {
    name: 'opt_post_norm/bias_all',
    heart: /fc1.base_layer.bias/,
    leaveOut: (tensor) => tensor.endsWith('k_proj.bias'),
  },
  { name: 'loraplus', heart: /lora_B/, groups: { weightDecay: 0, loraPlus: { a: 1, b: 16, embedding: 5e-4 } } },
];

const modelAt = modelsFor((name) => goldenPath(`${name}/model`)!, F32);

for (const { name, model, groups, heart, leaveOut } of VARIANTS) {
  const [family, own] = name.split('/');
  const folder = goldenPath(own === undefined ? `llama_variants/${name}` : name);
  const modelName = model ?? (own === undefined ? 'llama_untied' : family!);
  if (folder === undefined) {
    console.warn(`SKIPPED variant "${name}": ../shared/goldens is not there`);
    describe.skip(`${name} (skipped: ../shared/goldens is not there)`, () => it('runs', () => {}));
    continue;
  }
  describe(`against PEFT: ${name}`, () => {
    const json = readGoldenJson<GoldenJson>(folder, 'golden.json');
    const base = readGoldenJson<BaseJson>(goldenPath(modelName)!, 'base.json');
    const golden = () => readGoldenTensors(path.join(folder, 'golden.safetensors'));
    const adapterAt = async (which: string) =>
      (await readPeftFolder(diskFolder(path.join(folder, which)), (await modelAt(modelName)).parts)).adapter;

    it('gives the logits, the loss and every gradient', async () => {
      const model = await modelAt(modelName);
      const adapter = await adapterAt('adapter');
      const expected = await golden();
      await expectScores(model, adapter, base, { logits: expected.get('logits')!, loss: json.loss });
      for (const [tensor, difference] of await gradientErrors(model, adapter, base, expected))
        if (!leaveOut?.(tensor, 0, 1)) expect(difference, tensor).toBeLessThan(GRADIENT);
    });

    it('answers beside the base, each token by its strength', async () => {
      const model = await modelAt(modelName);
      const flat = await FlatAdapter.load(model.device, await adapterAt('adapter'));
      const batch = goldenBatch(base);
      const meter = await ForgettingMeter.create(model, flat, batch.columns, 24);
      const { baseLosses, losses } = await meter.measure(batch);
      meter.destroy();
      flat.destroy();
      const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;
      expect(Math.abs(mean(baseLosses) - base.loss)).toBeLessThan(LOSS);
      expect(Math.abs(mean(losses) - json.loss)).toBeLessThan(LOSS);
    });

    it('follows twenty steps of AdamW to the same adapter', async () => {
      const model = await modelAt(modelName);
      const { losses, final } = await trainTwenty(model, await adapterAt('adapter'), base, json.training.lrs, groups);
      expectLosses(losses, json.training.losses);
      const expected = tensorsOf(await adapterAt('adapter_final'));
      expect([...final.keys()]).toEqual([...expected.keys()]);
      for (const [tensor, values] of final) {
        const counts = (_: number, i: number) => !leaveOut?.(tensor, i, values.length);
        const error = relativeL2(values.filter(counts), expected.get(tensor)!.filter(counts));
        expect(error, tensor).toBeLessThan(FINAL_ADAPTER);
      }
    });

    it('writes the tensors that PEFT wrote, to the bit', async () => {
      const { parts } = await modelAt(modelName);
      for (const which of ['adapter', 'adapter_final']) {
        const adapter = await adapterAt(which);
        const files = writePeftFolder(adapter, { name: 'test' });
        const ours = await readGoldenTensorsOf(files);
        const theirs = await readGoldenTensors(path.join(folder, which, 'adapter_model.safetensors'));
        // Whole base matrices that PEFT puts beside LoRA on the embedding and the head.
        for (const key of theirs.keys()) if (key.endsWith('.base_layer.weight')) theirs.delete(key);
        expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
        for (const [key, values] of theirs) expect(ours.get(key), key).toEqual(values);
        const again = await readPeftFolder(
          files.map(({ name: file, bytes }) => fileFromBytes(file, bytes)),
          parts,
        );
        expect(again.adapter.modules).toEqual(adapter.modules);
        expect([again.adapter.saved, again.adapter.tokens]).toEqual([adapter.saved, adapter.tokens]);
      }
    });

    it('notices a disturbed tensor (control)', async () => {
      const model = await modelAt(modelName);
      const adapter = await adapterAt('adapter');
      const expected = await golden();
      const disturbed = disturb(adapter, heart);
      const { logits } = await score(model, disturbed, base);
      expect(worstLogit(logits, expected.get('logits')!, base, model.config.vocab)).toBeGreaterThan(LOGITS);
      const errors = (await gradientErrors(model, disturbed, base, expected)).map(([, error]) => error);
      expect(Math.max(...errors)).toBeGreaterThan(GRADIENT);
    });
  });
}

for (const name of ['pissa', 'olora'] as const) {
  const folder = goldenPath(`llama_variants/${name}`);
  describe.skipIf(folder === undefined)(`against PEFT: ${name}, which takes its start from the base`, () => {
    const json = () => readGoldenJson<GoldenJson>(folder!, 'golden.json');
    const base = () => readGoldenJson<BaseJson>(goldenPath('llama_untied')!, 'base.json');
    const adapterAt = async (which: string): Promise<Adapter> => {
      const { parts } = await modelAt('llama_untied');
      // The reader refuses an adapter that needs another base than the one at hand; its numbers are what is wanted here.
      const files = diskFolder(path.join(folder!, which)).filter((file) => file.name !== 'adapter_config.json');
      const config = readGoldenJson<object>(path.join(folder!, which), 'adapter_config.json');
      const plain = new TextEncoder().encode(JSON.stringify({ ...config, init_lora_weights: true }));
      return (await readPeftFolder([...files, fileFromBytes('adapter_config.json', plain)], parts)).adapter;
    };
    const begun = async (): Promise<Adapter> => {
      const adapter = await adapterAt('adapter');
      const modules = new Map([...adapter.modules].map(([at, m]) => [at, { ...m, start: { a: m.a, b: m.b } }]));
      return { ...adapter, modules };
    };

    it('leaves the model as it was, with its gradients', async () => {
      const model = await modelAt('llama_untied');
      const expected = await readGoldenTensors(path.join(folder!, 'golden.safetensors'));
      await expectScores(model, await begun(), base(), { logits: expected.get('logits')!, loss: json().loss });
      for (const [tensor, difference] of await gradientErrors(model, await begun(), base(), expected))
        expect(difference, tensor).toBeLessThan(GRADIENT);
      // Control: without what was taken from the base it is another model.
      const { logits: other } = await score(model, await adapterAt('adapter'), base());
      expect(worstLogit(other, expected.get('logits')!, base(), model.config.vocab)).toBeGreaterThan(LOGITS);
    });

    it('follows twenty steps, and is written as the plain LoRA that PEFT converts it to', async () => {
      const model = await modelAt('llama_untied');
      const { losses, final } = await trainTwenty(model, await begun(), base(), json().training.lrs);
      // The goldens' README: olora goes 5e-3 apart between f32 and f64.
      expectLosses(losses, json().training.losses, name === 'olora' ? 2e-2 : ALL_LOSSES);
      const trained = plainLora(withTensors(await begun(), final));
      const converted = await adapterAt('adapter_final_converted');
      const { r, lora_alpha } = asLora(converted, 'test').config;
      expect(trained.config).toMatchObject({ r, lora_alpha, init_lora_weights: true });
      for (const [tensor, values] of tensorsOf(trained))
        expect(relativeL2(values, tensorsOf(converted).get(tensor)!), tensor).toBeLessThan(FINAL_ADAPTER);
      const { logits } = await score(model, trained, base());
      const expected = (await readGoldenTensors(path.join(folder!, 'final.safetensors'))).get('logits')!;
      expect(worstLogit(logits, expected, base(), model.config.vocab)).toBeLessThan(5e-2);
    });
  });
}

function disturb(adapter: Adapter, heart: RegExp): Adapter {
  const table = tensorsOf(adapter);
  const [name, values] = [...table].find(([tensor]) => heart.test(tensor)) ?? fail(`no tensor like ${heart}`);
  return withTensors(
    adapter,
    table.set(
      name,
      values.map((v) => v * 1.05 + 0.02),
    ),
  );
}

function fail(message: string): never {
  throw new Error(message);
}

async function readGoldenTensorsOf(files: readonly { readonly name: string; readonly bytes: Uint8Array }[]) {
  const { bytes } = files.find(({ name }) => name === 'adapter_model.safetensors')!;
  return readGoldenTensors(bytes);
}
