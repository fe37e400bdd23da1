import { expect, it } from 'vitest';
import { parseConfig } from '../../model/config.ts';
import { readGgufHeader } from '../../model/gguf/read-header.ts';
import { fileFromBytes, type ModelFile } from '../../model/model-file.ts';
import { readTensor } from '../../model/read-tensor.ts';
import { describeWithShared, sharedFile, sharedFolder, sharedJson } from '../../model/testing/shared.ts';
import type { Adapter } from '../adapter.ts';
import { ownLinears } from '../testing/own-linears.ts';
import { writeGgufAdapter } from './gguf.ts';
import { readPeftFolder } from './peft.ts';
import { readAdapter } from './read-adapter.ts';

interface Config {
  model_type: string;
  hidden_size: number;
  num_attention_heads: number;
  tie_word_embeddings?: boolean;
  head_dim?: number;
}
const baseOf = (family: string) => {
  const c = sharedJson<Config>(`goldens/${family}/model/config.json`);
  const headDim = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  const tied = c.tie_word_embeddings ?? false;
  return { family: c.model_type, hidden: c.hidden_size, heads: c.num_attention_heads, headDim, tied };
};
const adapterOf = async (family: string) => {
  const files = sharedFolder(`goldens/${family}/lora_all_linear/adapter`);
  return (await readPeftFolder(files, { linears: await ownLinears(files) })).adapter;
};
const read = async (file: ModelFile) => {
  const { metadata, tensors } = await readGgufHeader(file);
  const values = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  for (const t of tensors) values.set(t.name, { shape: t.shape, values: await readTensor(t) });
  return { metadata, tensors: new Map([...values].sort(([a], [b]) => (a < b ? -1 : 1))) };
};
const written = async (adapter: Adapter, family: string) =>
  read(fileFromBytes('out.gguf', writeGgufAdapter(adapter, baseOf(family), 'Adapter')));

describeWithShared('writeGgufAdapter()', 'goldens/gguf/llama/lora_all_linear.gguf', () => {
  it.each(['llama', 'mistral', 'qwen2', 'qwen3', 'gemma3_text', 'gpt2', 'gpt_neox'])(
    '%s: writes every tensor and value as llama.cpp’s own converter does, to the bit',
    async (family) => {
      const reference = await read(sharedFile(`goldens/gguf/${family}/lora_all_linear.gguf`));
      const ours = await written(await adapterOf(family), family);
      expect(ours.tensors).toEqual(reference.tensors);
      for (const [key, value] of reference.metadata)
        if (key !== 'general.name') expect(ours.metadata.get(key), key).toEqual(value);
    },
  );

  it('gives each module its own scaling under one alpha', async () => {
    const adapter = await adapterOf('llama');
    const plain = await written(adapter, 'llama');
    const modules = new Map([...adapter.modules].map(([path, m], i) => [path, { ...m, scaling: i === 0 ? 3 : 6 }]));
    const { metadata, tensors } = await written({ ...adapter, modules }, 'llama');
    expect(metadata.get('adapter.lora.alpha')).toBe(12);
    const first = 'blk.0.ffn_down.weight.lora_b';
    expect(tensors.get(first)).toEqual(plain.tensors.get(first));
    const other = 'blk.1.attn_q.weight.lora_b';
    expect(tensors.get(other)!.values).toEqual(plain.tensors.get(other)!.values.map((b) => 2 * b));
  });

  it('writes head and embedding under their own names, the embedding’s A with a row for each token', async () => {
    const config = parseConfig(sharedJson('goldens/llama_untied/model/config.json'));
    const files = sharedFolder('goldens/llama_variants/embedding_lm_head/adapter');
    const { adapter } = await readAdapter(files, config);
    const { tensors } = await read(fileFromBytes('out.gguf', writeGgufAdapter(adapter, config, 'Adapter')));
    const [head, table] = ['lm_head', 'model.embed_tokens'].map((path) => adapter.modules.get(path)!);
    expect(tensors.get('output.weight.lora_a')).toEqual({ shape: [head!.r, 64], values: head!.a });
    expect(tensors.get('output.weight.lora_b')).toEqual({ shape: [512, head!.r], values: head!.b });
    expect(tensors.get('token_embd.weight.lora_b')).toEqual({ shape: [64, table!.r], values: table!.b });
    const rows = tensors.get('token_embd.weight.lora_a')!;
    expect(rows.shape).toEqual([512, table!.r]);
    for (const token of [0, 7, 511])
      for (let i = 0; i < table!.r; i++)
        expect(rows.values[token * table!.r + i]).toBe(table!.a[i * table!.inFeatures + token]);
    // Over a base that has one matrix for both, llama.cpp refuses the one and falls over the other (npm run test:interop).
    const tied = { ...config, tied: true };
    for (const path of ['lm_head', 'model.embed_tokens']) {
      const alone = { ...adapter, modules: new Map([[path, adapter.modules.get(path)!]]) };
      expect(() => writeGgufAdapter(alone, tied, 'Adapter')).toThrow(
        `found LoRA at "${path}" of a base whose head is its embedding, which llama.cpp takes for one matrix`,
      );
    }
  });

  it('refuses a base and a module that llama.cpp has no name for', async () => {
    const adapter = await adapterOf('llama');
    expect(() => writeGgufAdapter(adapter, { ...baseOf('llama'), family: 'mamba' }, 'x')).toThrow(
      'found a base of "mamba"',
    );
    const modules = new Map([['model.layers.0.self_attn.rotary', [...adapter.modules.values()][0]!]]);
    expect(() => writeGgufAdapter({ ...adapter, modules }, baseOf('llama'), 'x')).toThrow(
      'found it on "model.layers.0.self_attn.rotary", need linears of the blocks, the head or the token embedding',
    );
  });
});
