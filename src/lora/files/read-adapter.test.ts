import { expect, it } from 'vitest';
import { parseConfig } from '../../model/config.ts';
import { type TypedValue, writeGguf } from '../../model/gguf/write-gguf.ts';
import { fileFromBytes, type ModelFile } from '../../model/model-file.ts';
import { readTensor } from '../../model/read-tensor.ts';
import { readSafetensorsHeader, writeSafetensors } from '../../model/safetensors.ts';
import { describeWithShared, sharedFile, sharedFolder, sharedJson } from '../../model/testing/shared.ts';
import { type Adapter, asLora } from '../adapter.ts';
import { describeGgufAdapter } from './describe-foreign.ts';
import { writeGgufAdapter } from './gguf.ts';
import { writeMlxFolder } from './mlx.ts';
import type { FileBytes } from './peft.ts';
import { readAdapter } from './read-adapter.ts';

const configOf = (family: string) =>
  parseConfig(sharedJson<Record<string, unknown>>(`goldens/${family}/model/config.json`));
const peftOf = async (family: string) =>
  (await readAdapter(sharedFolder(`goldens/${family}/lora_all_linear/adapter`), configOf(family))).adapter;
const asFiles = (files: readonly FileBytes[]): ModelFile[] =>
  files.map(({ name, bytes }) => fileFromBytes(name, bytes));
/** What an adapter computes with. */
const numbers = ({ modules }: Adapter) =>
  new Map([...modules].map(([path, { r, scaling, a, b }]) => [path, { r, scaling, a: [...a], b: [...b] }]));
/** `adapter` with other sizes and strengths: module 1 has rank 2, module 2 four times the scaling. */
const uneven = (adapter: Adapter): Adapter => {
  const modules = [...adapter.modules].map(([path, m], i): [string, typeof m] => {
    if (i === 2) return [path, { ...m, scaling: 4 * m.scaling, alpha: 4 * m.alpha }];
    if (i !== 1) return [path, m];
    const b = m.b.filter((_, at) => at % m.r < 2);
    return [path, { ...m, r: 2, alpha: 2 * m.scaling, a: m.a.slice(0, 2 * m.inFeatures), b }];
  });
  return { ...adapter, modules: new Map(modules) };
};
/** s·B·A of every module, which is all that has to survive. */
const deltas = ({ modules }: Adapter) =>
  new Map(
    [...modules].map(([path, { r, scaling, a, b, inFeatures }]) => {
      const at = (row: number, column: number) => {
        let sum = 0;
        for (let i = 0; i < r; i++) sum += b[row * r + i]! * a[i * inFeatures + column]!;
        return Math.fround(scaling * sum);
      };
      return [path, [at(0, 0), at(1, 2), at(7, 5)]];
    }),
  );

describeWithShared('readAdapter()', 'goldens/gguf/llama/lora_all_linear.gguf', () => {
  it.each(['llama', 'mistral', 'qwen2', 'qwen3', 'gemma3_text', 'gpt2', 'gpt_neox'])(
    '%s: reads llama.cpp’s file as the PEFT adapter that it was made of, to the bit',
    async (family) => {
      const { adapter, notices } = await readAdapter(
        [sharedFile(`goldens/gguf/${family}/lora_all_linear.gguf`)],
        configOf(family),
      );
      const peft = await peftOf(family);
      expect(numbers(adapter)).toEqual(numbers(peft));
      expect(asLora(adapter, 'test').config.fan_in_fan_out).toBe(asLora(peft, 'test').config.fan_in_fan_out);
      expect(notices).toEqual([]);
    },
  );

  it.each(['llama', 'qwen2', 'qwen3'])(
    '%s: reads mlx-lm’s folder as the PEFT adapter that it was made of',
    async (family) => {
      const { adapter } = await readAdapter(sharedFolder(`goldens/mlx/${family}`), configOf(family));
      expect(numbers(adapter)).toEqual(numbers(await peftOf(family)));
      expect(asLora(adapter, 'test').config.target_modules).toContain('q_proj');
    },
  );

  it('reads and writes DoRA for mlx-lm, and refuses it for llama.cpp', async () => {
    const config = configOf('llama_untied');
    const dora = (await readAdapter(sharedFolder('goldens/llama_variants/dora/adapter'), config)).adapter;
    const golden = sharedFolder('goldens/mlx/dora');
    const { adapter } = await readAdapter(golden, config);
    expect(numbers(adapter)).toEqual(numbers(dora));
    for (const [path, { magnitude }] of dora.modules) {
      expect(magnitude).toBeDefined();
      expect(adapter.modules.get(path)!.magnitude).toEqual(magnitude);
    }
    const bytes = (files: readonly ModelFile[]) => {
      const file = files.find(({ name }) => name === 'adapters.safetensors')!;
      return readSafetensorsHeader(file).then(
        async ({ tensors }) =>
          new Map(await Promise.all(tensors.map(async (t) => [t.name, [...(await readTensor(t))]] as const))),
      );
    };
    const written = asFiles(writeMlxFolder(dora, config));
    expect(await bytes(written)).toEqual(await bytes(golden));
    expect(() => writeGgufAdapter(dora, config, 'x')).toThrow('found DoRA at "model.layers.0.self_attn.q_proj"');
  });

  it('gets ranks and strengths of each module back from files that know one for all', async () => {
    const adapter = uneven(await peftOf('llama'));
    const config = configOf('llama');
    const gguf = fileFromBytes('a.gguf', writeGgufAdapter(adapter, config, 'a'));
    const mlx = asFiles(writeMlxFolder(adapter, config));
    for (const files of [[gguf], mlx]) {
      const { adapter: back } = await readAdapter(files, config);
      expect(deltas(back)).toEqual(deltas(adapter));
      expect([...back.modules.values()].map(({ r }) => r)).toEqual([...adapter.modules.values()].map(({ r }) => r));
    }
  });

  it('gets LoRA on head and embedding back from a file for llama.cpp', async () => {
    const config = configOf('llama_untied');
    const files = sharedFolder('goldens/llama_variants/embedding_lm_head/adapter');
    const { adapter } = await readAdapter(files, config);
    const gguf = fileFromBytes('a.gguf', writeGgufAdapter(adapter, config, 'a'));
    expect(numbers((await readAdapter([gguf], config)).adapter)).toEqual(numbers(adapter));
    const tied = readAdapter([gguf], { ...config, tied: true });
    await expect(tied).rejects.toThrow(
      /found tensor "(output|token_embd)\.weight\.lora_a", need .* its head is its embedding/,
    );
    const described = await describeGgufAdapter(gguf);
    const places = (all: Iterable<{ readonly path: string; readonly in: number; readonly out: number }>) =>
      [...all].map((m) => [m.path, m.in, m.out]).sort();
    expect(places(described.modules)).toEqual(
      places([...adapter.modules].map(([path, m]) => ({ path, in: m.inFeatures, out: m.outFeatures }))),
    );
  });

  it('reads GPT-2 and GPT-NeoX under mlx-lm’s names', async () => {
    for (const family of ['gpt2', 'gpt_neox']) {
      const adapter = await peftOf(family);
      const files = asFiles(writeMlxFolder(adapter, configOf(family)));
      expect(numbers((await readAdapter(files, configOf(family))).adapter)).toEqual(numbers(adapter));
    }
  });

  it('refuses what is no LoRA adapter of this base, by name', async () => {
    const llama = configOf('llama');
    const gguf = (metadata: Record<string, TypedValue>) => {
      const tensors = ['lora_a', 'lora_b'].map((factor, i) => ({
        name: `blk.0.attn_q.weight.${factor}`,
        dtype: 'F32' as const,
        shape: i === 0 ? [2, 64] : [64, 2],
        bytes: new Uint8Array(512),
      }));
      const text = (value: string): TypedValue => ({ type: 'text', value });
      const all = { 'general.type': text('adapter'), 'adapter.type': text('lora'), ...metadata };
      return [fileFromBytes('a.gguf', writeGguf({ 'general.architecture': text('llama'), ...all }, tensors))];
    };
    const other = sharedFile('goldens/gguf/qwen3/lora_all_linear.gguf');
    await expect(readAdapter([other], llama)).rejects.toThrow('found one for "qwen3", need one for "llama"');
    await expect(readAdapter([sharedFile('goldens/gguf/llama/base.f32.gguf')], llama)).rejects.toThrow(
      'found general.type "model", need "adapter"',
    );
    expect((await readAdapter(gguf({}), llama)).adapter.modules.size).toBe(1); // no alpha: no scaling
    expect([...(await readAdapter(gguf({}), llama)).adapter.modules.values()][0]!.scaling).toBe(1);
    await expect(
      readAdapter(gguf({ 'adapter.alora.invocation_tokens': { type: 'u32s', value: [1] } }), llama),
    ).rejects.toThrow('found "adapter.alora.invocation_tokens"');
    const more = (name: string) => {
      const factors = ['.lora_a', '.lora_b'].map((factor, i) => ({
        name: `blk.0.attn_q.weight${factor}`,
        dtype: 'F32' as const,
        shape: i === 0 ? [2, 64] : [64, 2],
        bytes: new Uint8Array(512),
      }));
      const extra = { name, dtype: 'F32' as const, shape: [64], bytes: new Uint8Array(256) };
      const text = (value: string): TypedValue => ({ type: 'text', value });
      const head = {
        'general.architecture': text('llama'),
        'general.type': text('adapter'),
        'adapter.type': text('lora'),
      };
      return [fileFromBytes('a.gguf', writeGguf(head, [...factors, extra]))];
    };
    // What llama.cpp passes by is passed by, and said; what it refuses is refused.
    expect((await readAdapter(more('blk.0.attn_norm.weight'), llama)).notices).toEqual([
      '"blk.0.attn_norm.weight" is a norm, which llama.cpp passes by in an adapter; so does Graft',
    ]);
    await expect(readAdapter(more('blk.0.attn_q.bias'), llama)).rejects.toThrow(
      'found tensor "blk.0.attn_q.bias", need A and B of linears in the blocks of this base, as llama.cpp does',
    );
    await expect(readAdapter(more('output.weight.lora_a'), llama)).rejects.toThrow(
      'need A and B of linears in the blocks of this base: its head is its embedding, and llama.cpp has no LoRA for either',
    );
    await expect(
      readAdapter(gguf({ 'adapter.lora.alpha': { type: 'f32', value: Number.NaN } }), llama),
    ).rejects.toThrow('found alpha NaN');
    const mlx = (config: unknown, name = 'model.layers.0.self_attn.q_proj') => [
      fileFromBytes('adapter_config.json', new TextEncoder().encode(JSON.stringify(config))),
      fileFromBytes(
        'adapters.safetensors',
        writeSafetensors([
          { name: `${name}.lora_a`, dtype: 'F32', shape: [64, 2], bytes: new Uint8Array(512) },
          { name: `${name}.lora_b`, dtype: 'F32', shape: [2, 64], bytes: new Uint8Array(512) },
        ]),
      ),
    ];
    await expect(readAdapter(mlx({ fine_tune_type: 'full' }), llama)).rejects.toThrow('found fine_tune_type "full"');
    await expect(readAdapter(mlx({ lora_parameters: { alpha: 2 } }), llama)).rejects.toThrow(
      'found lora_parameters.scale missing',
    );
    await expect(readAdapter(mlx({ lora_parameters: { scale: 2 } }, 'model.layers.9.x'), llama)).rejects.toThrow(
      'found tensor "model.layers.9.x.lora_a"',
    );
    const { adapter } = await readAdapter(mlx({ lora_parameters: { scale: 2 } }), llama);
    expect([...adapter.modules.values()].map(({ r, scaling }) => [r, scaling])).toEqual([[1, 2]]);
  });
});
