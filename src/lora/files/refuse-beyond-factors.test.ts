// What llama.cpp and mlx-lm have no place for is refused by name before a byte is written; what they have is not.

import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../model/config.ts';
import { describeWithShared, sharedFolder, sharedJson } from '../../model/testing/shared.ts';
import type { Adapter } from '../adapter.ts';
import { writeGgufAdapter } from './gguf.ts';
import { writeMlxFolder } from './mlx.ts';
import { readAdapter } from './read-adapter.ts';

const base = () => parseConfig(sharedJson<Record<string, unknown>>('goldens/llama_untied/model/config.json'));
const variant = async (name: string): Promise<Adapter> =>
  (await readAdapter(sharedFolder(`goldens/llama_variants/${name}/adapter`), base())).adapter;
const WRITERS = {
  gguf: (adapter: Adapter) => writeGgufAdapter(adapter, base(), 'x'),
  mlx: (adapter: Adapter) => writeMlxFolder(adapter, base()),
};

describeWithShared('an adapter for llama.cpp or mlx-lm', 'goldens/llama_variants/modules_to_save', () => {
  describe.each(['gguf', 'mlx'] as const)('%s', (format) => {
    const program = format === 'gguf' ? 'llama.cpp' : 'mlx-lm';

    it.each([
      ['modules_to_save', 'a parameter that was trained in full at "lm_head.weight"'],
      ['train_tokens', 'trained tokens at "model.embed_tokens"'],
      ['lora_bias', 'lora_B.bias at "model.layers.0.self_attn.q_proj"'],
    ])('refuses %s', async (name, found) => {
      const adapter = await variant(name);
      const need = `found ${found}, ${program} has no place for it; need a merged model`;
      expect(() => WRITERS[format](adapter)).toThrow(need);
    });

    it.each(['rank_pattern', 'rslora', 'gaussian', 'layers_to_transform'])('takes %s', async (name) => {
      expect(WRITERS[format](await variant(name))).toBeDefined();
    });
  });

  it('takes LoRA on an embedding for llama.cpp alone', async () => {
    const adapter = await variant('embedding_lm_head');
    expect(WRITERS.gguf(adapter)).toBeDefined();
    expect(() => WRITERS.mlx(adapter)).toThrow(
      'found LoRA on an embedding at "model.embed_tokens", mlx-lm has no place',
    );
  });

  it('takes DoRA for mlx-lm alone', async () => {
    const dora = await variant('dora');
    expect(() => WRITERS.gguf(dora)).toThrow('found DoRA at');
    expect(WRITERS.mlx(dora)).toHaveLength(2);
  });
});
