import { expect, it } from 'vitest';
import { parseConfig } from '../model/config.ts';
import { describeWithShared, sharedJson, sharedPath } from '../model/testing/shared.ts';
import { inspectPath } from './inspect.node.ts';

const at = (name: string) => sharedPath(`goldens/${name}`);
const paths = async (name: string) => {
  const found = await inspectPath([at(name)]);
  if (found.kind !== 'adapter') throw new Error(`found a ${found.kind}`);
  return new Map(found.modules.map((module) => [module.path, module]));
};

describeWithShared('inspectPath()', 'goldens/gguf/llama/lora_all_linear.gguf', () => {
  it.each(['llama', 'qwen2', 'gpt2', 'gpt_neox'])(
    '%s: says of an adapter for llama.cpp what it says of the PEFT adapter that it was made of',
    async (family) => {
      const gguf = await inspectPath([at(`gguf/${family}/lora_all_linear.gguf`)]);
      const peft = await inspectPath([at(`${family}/lora_all_linear/adapter`)]);
      if (gguf.kind !== 'adapter' || peft.kind !== 'adapter') throw new Error('found no adapter');
      expect(gguf).toMatchObject({ format: 'GGUF for llama.cpp', rank: peft.rank, alpha: peft.alpha, warnings: [] });
      expect(gguf.parameters).toBe(peft.parameters);
      expect(await paths(`gguf/${family}/lora_all_linear.gguf`)).toEqual(
        await paths(`${family}/lora_all_linear/adapter`),
      );
    },
  );

  it('says the same of folders of mlx-lm, DoRA among them', async () => {
    expect(await inspectPath([at('mlx/llama')])).toMatchObject({ format: 'MLX', rank: 4 });
    expect(await paths('mlx/llama')).toEqual(await paths('llama/lora_all_linear/adapter'));
    const dora = await inspectPath([at('mlx/dora')]);
    expect(dora).toMatchObject({ kind: 'adapter', warnings: [expect.stringContaining('DoRA')] });
  });

  it('takes a base in the same format for a model, and names what is no adapter', async () => {
    const { layers } = parseConfig(sharedJson('goldens/llama/model/config.json'));
    expect(await inspectPath([at('gguf/llama/base.f32.gguf')])).toMatchObject({ kind: 'model', layers });
  });
});
