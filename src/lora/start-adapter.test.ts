// Starting points that need the base, against PEFT's (signs of singular vectors are free: products and residuals are compared).

import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BaseModel } from '../model/base-model.ts';
import { readParameter } from '../model/read-parameter.ts';
import { F32, modelsFor } from '../model/testing/open-model.ts';
import { goldenPath, readGoldenTensors, relativeL2 } from '../train/testing/golden.ts';
import { type Adapter, asLora } from './adapter.ts';
import { moduleDelta } from './delta.ts';
import { DEFAULT_LORA, type LoraConfig } from './lora-config.ts';
import { startAdapter } from './start-adapter.ts';

const modelOf = (family: string) => goldenPath(`${family}/model`)!;
const open = modelsFor(modelOf, F32);
const openIn4Bits = modelsFor(modelOf, { linears: 'nf4', embeddings: 'f32' });
const q: LoraConfig = { ...DEFAULT_LORA, r: 4, lora_alpha: 8, target_modules: ['q_proj', 'v_proj'] };
const start = async (model: Promise<BaseModel>, change: Partial<LoraConfig>): Promise<Adapter> =>
  startAdapter(await model, { ...q, ...change }, 3);

const untied = goldenPath('llama_variants/pissa');
describe.skipIf(untied === undefined)('startAdapter() against PEFT', () => {
  let model: Promise<BaseModel>;
  beforeAll(() => {
    model = open('llama_untied');
  });

  it.each(['pissa', 'olora'])('%s: the same part of every matrix', async (init) => {
    const adapter = await start(model, { init_lora_weights: init });
    const residual = await readGoldenTensors(goldenPath(`llama_variants/${init}/residual_base.safetensors`)!);
    expect(adapter.modules.size).toBe(4);
    for (const [at, module] of adapter.modules) {
      const { folder, parts } = await model;
      const spec = parts.tensors.find(({ name }) => name === `${at}.weight`)!;
      const w = await readParameter(folder.tensors, spec);
      const left = moduleDelta(module).map((value, i) => w[i]! - value);
      // f32 singular vectors of torch, and of ours in f64.
      expect(relativeL2(left, residual.get(`${at}.weight`)!), at).toBeLessThan(1e-5);
      expect(module.start).toEqual({ a: module.a, b: module.b });
    }
    const other = await start(model, { init_lora_weights: init === 'pissa' ? 'olora' : 'pissa' });
    const [at, module] = [...other.modules][0]!;
    expect(relativeL2(moduleDelta(module), moduleDelta(adapter.modules.get(at)!))).toBeGreaterThan(1e-2); // control
  });

  it('pissa_niter_n comes to the same with more iterations', async () => {
    const exact = await start(model, { init_lora_weights: 'pissa' });
    const error = async (n: number) => {
      const near = await start(model, { init_lora_weights: `pissa_niter_${n}` });
      return Math.max(
        ...[...near.modules].map(([at, m]) => relativeL2(moduleDelta(m), moduleDelta(exact.modules.get(at)!))),
      );
    };
    // The fourth and fifth singular values of random matrices lie close together.
    expect(await error(256)).toBeLessThan(0.01);
    expect(await error(1)).toBeGreaterThan(10 * (await error(256)));
  });

  it('magnitudes are the lengths of the rows, and parameters in full those of the base', async () => {
    const adapter = await start(model, { use_dora: true, modules_to_save: ['lm_head', 'model.norm'] });
    const { folder, parts } = await model;
    const of = (name: string) => readParameter(folder.tensors, parts.tensors.find((spec) => spec.name === name)!);
    for (const [at, { magnitude, inFeatures }] of adapter.modules) {
      const w = await of(`${at}.weight`);
      const lengths = magnitude!.map((_, o) => Math.hypot(...w.subarray(o * inFeatures, (o + 1) * inFeatures)));
      expect(relativeL2(magnitude!, lengths), at).toBeLessThan(1e-6);
    }
    expect([...adapter.saved!.keys()]).toEqual(['model.norm.weight', 'lm_head.weight']);
    expect(adapter.saved!.get('lm_head.weight')!.values).toEqual(await of('lm_head.weight'));
  });

  it('loftq gives back what quantising has lost', async () => {
    const kept = openIn4Bits('llama_untied');
    const { folder, parts, quant } = await kept;
    const adapter = await start(kept, { init_lora_weights: 'loftq', r: 16, lora_alpha: 32 });
    expect(asLora(adapter, 'test').config.init_lora_weights).toBe(true);
    for (const [at, module] of adapter.modules) {
      const spec = parts.tensors.find(({ name }) => name === `${at}.weight`)!;
      const [w, stored] = [await readParameter(folder.tensors, spec), await readParameter(folder.tensors, spec, quant)];
      const mended = moduleDelta(module).map((value, i) => value + stored[i]!);
      expect(relativeL2(mended, w), at).toBeLessThan(0.85 * relativeL2(stored, w));
    }
    await expect(start(model, { init_lora_weights: 'loftq' })).rejects.toThrow('found "loftq" on a base kept as f32');
  });

  it('refuses what can not be begun here, by name', async () => {
    await expect(start(model, { init_lora_weights: 'pissa', use_dora: true })).rejects.toThrow('found use_dora with');
    await expect(start(model, { init_lora_weights: 'pissa', r: 33, lora_alpha: 8 })).rejects.toThrow('need at most 32');
    await expect(start(model, { init_lora_weights: 'orthogonal', r: 3 })).rejects.toThrow('need an even rank');
    await expect(start(model, { init_lora_weights: 'pissa', target_modules: ['embed_tokens'] })).rejects.toThrow(
      'on the embedding "model.embed_tokens"',
    );
  });
});

describe('startAdapter()', () => {
  it('begins trained tokens with the rows of the table, and norms with what their file says', async () => {
    const model = open('gemma3_linear');
    const adapter = await start(model, { trainable_token_indices: [7, 2], modules_to_save: ['model.norm'], r: 2 });
    const { folder, parts } = await model;
    const at = path.join(goldenPath('gemma3_linear/model')!, 'model.safetensors');
    const file = await readGoldenTensors(at);
    const { rows, columns } = adapter.tokens!.get('model.embed_tokens')!;
    const table = file.get('model.embed_tokens.weight')!;
    expect(rows.subarray(0, columns)).toEqual(table.subarray(7 * columns, 8 * columns));
    expect(rows.subarray(columns)).toEqual(table.subarray(2 * columns, 3 * columns));
    expect(adapter.saved!.get('model.norm.weight')!.values).toEqual(file.get('model.norm.weight'));
    expect(parts.tensors.find(({ name }) => name === 'model.norm.weight')!.offset).toBe(1);
    expect(folder.tensors.has('model.norm.weight')).toBe(true);
  });

  it('"orthogonal" makes A and B that cancel, false makes some that do not', async () => {
    const model = open('llama_yarn');
    for (const [init, most] of [
      ['orthogonal', 1e-7],
      [false, Number.POSITIVE_INFINITY],
    ] as const) {
      const adapter = await start(model, { init_lora_weights: init });
      for (const module of adapter.modules.values()) {
        const size = Math.max(...moduleDelta(module).map(Math.abs));
        expect(size).toBeLessThan(most);
        if (init === false) expect(size).toBeGreaterThan(0.01);
        expect(module.a.some((x) => x !== 0) && module.b.some((x) => x !== 0)).toBe(true);
      }
    }
  });
});
