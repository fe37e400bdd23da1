import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileFromBytes, type ModelFile, readJsonObject } from '../../model/model-file.ts';
import { openModelFolder } from '../../model/model-folder.ts';
import type { QuantChoice } from '../../model/prepare-weights.ts';
import { readTensor } from '../../model/read-tensor.ts';
import type { StreamedFile } from '../../model/streamed-file.ts';
import { collectFile } from '../../model/testing/collect-file.ts';
import { describeWithShared, diskFolder, sharedFile, sharedFolder } from '../../model/testing/shared.ts';
import { mergedModel } from '../merged-weights.ts';
import { mergedFolder } from './merged-folder.ts';
import { readAdapter } from './read-adapter.ts';

const F32: QuantChoice = { linears: 'f32', embeddings: 'f32' };
const collected = (files: readonly StreamedFile[]): Promise<ModelFile[]> =>
  Promise.all(files.map(async (file) => fileFromBytes(file.name, await collectFile(file))));

describeWithShared('mergedFolder()', 'goldens/llama/lora_all_linear/adapter', () => {
  it.each(['llama', 'qwen2', 'gemma3_text', 'gpt2', 'gpt_neox', 'bloom', 'phi3', 'opt'])(
    '%s: without an adapter and in f32 it is the base to the bit',
    async (family) => {
      const files = sharedFolder(`goldens/${family}/model`);
      const folder = await openModelFolder(files);
      const back = await openModelFolder(await collected(await mergedFolder({ folder, quant: F32 }, undefined, 'f32')));
      expect(back.config).toEqual(folder.config);
      expect(back.warnings).toEqual([]);
      for (const [name, info] of back.tensors)
        expect([name, info.shape, await readTensor(info)]).toEqual([
          name,
          folder.tensors.get(name)!.shape,
          await readTensor(folder.tensors.get(name)!),
        ]);
    },
  );

  it('adds s·B·A to the weights of each module, Conv1D the other way round', async () => {
    for (const [family, at] of [
      ['llama', 'model.layers.1.self_attn.k_proj'],
      ['gpt2', 'transformer.h.0.attn.c_attn'],
    ] as const) {
      const files = sharedFolder(`goldens/${family}/model`);
      const folder = await openModelFolder(files);
      const { adapter } = await readAdapter(sharedFolder(`goldens/${family}/lora_all_linear/adapter`), folder.config);
      const merged = await openModelFolder(await collected(await mergedFolder({ folder, quant: F32 }, adapter, 'f32')));
      const [before, after] = await Promise.all(
        [folder, merged].map((f) => readTensor(f.tensors.get(`${at}.weight`)!)),
      );
      const { a, b, r, scaling, inFeatures, outFeatures } = adapter.modules.get(at)!;
      for (const [o, c] of [
        [0, 0],
        [outFeatures - 1, 3],
        [5, inFeatures - 1],
      ] as const) {
        let delta = 0;
        for (let i = 0; i < r; i++) delta += scaling * b[o * r + i]! * a[i * inFeatures + c]!;
        const index = family === 'gpt2' ? c * outFeatures + o : o * inFeatures + c;
        expect(Math.abs(delta)).toBeGreaterThan(1e-5);
        expect(after![index]).toBeCloseTo(before![index]! + delta, 6);
      }
    }
  });

  it('makes config.json say the new type in both spellings', async () => {
    const files = sharedFolder('goldens/llama/model');
    const folder = await openModelFolder(files);
    const out = await collected(await mergedFolder({ folder, quant: F32 }, undefined, 'bf16'));
    const config = await readJsonObject(out.find(({ name }) => name === 'config.json')!);
    expect(config).toMatchObject({ dtype: 'bfloat16', torch_dtype: 'bfloat16', rope_theta: 10000 });
    expect((await openModelFolder(out)).tensors.get('model.norm.weight')!.dtype).toBe('BF16');
  });
});

describe('mergedFolder() of Scion', () => {
  it('carries the tokenizer along and leaves the codes of its own files behind', async () => {
    const files = diskFolder(path.resolve(import.meta.dirname, '../../../public/models/scion'));
    const folder = await openModelFolder(files);
    const quant: QuantChoice = { linears: 'q8', embeddings: 'q8' };
    const out = await collected(await mergedFolder({ folder, quant }, undefined, 'f32'));
    const back = await openModelFolder(out);
    expect(out.map(({ name }) => name).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    const [one, other] = await Promise.all([folder, back].map((f) => f.loadTokenizer!()));
    expect(other!.chatTemplate).toBe(one!.chatTemplate);
    expect(other!.encode('Once upon a time', { special: false })).toEqual(
      one!.encode('Once upon a time', { special: false }),
    );
    expect(other!.endOfTurn).toEqual(one!.endOfTurn);
    const name = 'model.layers.0.mlp.up_proj.weight';
    const tensor = mergedModel({ config: folder.config, tensors: folder.tensors, quant }, undefined).tensors.find(
      ({ spec }) => spec.name === name,
    )!;
    const values: number[] = [];
    for await (const piece of tensor.rows()) for (const value of piece.values) values.push(value);
    expect([...(await readTensor(back.tensors.get(name)!))]).toEqual(values);
  });
});

describeWithShared('mergedFolder() of a .gguf base', 'models/SmolLM2-135M-Instruct.Q4_1.gguf', () => {
  it('writes tokenizer.json as the tokenizers library reads it', async () => {
    const file = sharedFile('models/SmolLM2-135M-Instruct.Q4_1.gguf');
    const folder = await openModelFolder([file]);
    const out = await mergedFolder({ folder, quant: F32 }, undefined, 'f16');
    const json = async (name: string) => {
      const found = out.find((f) => f.name === name)!;
      return readJsonObject(fileFromBytes(name, await collectFile(found)));
    };
    const tokenizer = await json('tokenizer.json');
    expect((tokenizer.added_tokens as unknown[])[0]).toEqual({
      ...{ id: 0, content: '<|endoftext|>', special: true, normalized: false },
      ...{ single_word: false, lstrip: false, rstrip: false },
    });
    expect(await json('tokenizer_config.json')).toMatchObject({ eos_token: '<|im_end|>', bos_token: '<|im_start|>' });
    expect(await json('config.json')).toMatchObject({ model_type: 'llama', rope_theta: 100000, dtype: 'float16' });
    expect(await json('generation_config.json')).toMatchObject({ eos_token_id: 2 });
  });
});
