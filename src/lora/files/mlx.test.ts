import { expect, it } from 'vitest';
import { fileFromBytes, findFile, type ModelFile, readJsonObject } from '../../model/model-file.ts';
import { readTensor } from '../../model/read-tensor.ts';
import { readSafetensorsHeader } from '../../model/safetensors.ts';
import { describeWithShared, sharedFolder } from '../../model/testing/shared.ts';
import { ownLinears } from '../testing/own-linears.ts';
import { writeMlxFolder } from './mlx.ts';
import { readPeftFolder } from './peft.ts';

const adapterOf = async (family: string) => {
  const files = sharedFolder(`goldens/${family}/lora_all_linear/adapter`);
  return (await readPeftFolder(files, { linears: await ownLinears(files) })).adapter;
};
const read = async (files: readonly ModelFile[]) => {
  const { tensors } = await readSafetensorsHeader(findFile(files, 'adapters.safetensors')!);
  const values: [string, readonly number[], Float32Array][] = [];
  for (const t of tensors) values.push([t.name, t.shape, await readTensor(t)]);
  return {
    config: await readJsonObject(findFile(files, 'adapter_config.json')!),
    tensors: values.sort(([a], [b]) => (a < b ? -1 : 1)),
  };
};
const written = (adapter: Parameters<typeof writeMlxFolder>[0], family: string) =>
  read(writeMlxFolder(adapter, { family, layers: 2 }).map(({ name, bytes }) => fileFromBytes(name, bytes)));

describeWithShared('writeMlxFolder()', 'goldens/mlx/llama', () => {
  it.each(['llama', 'qwen2', 'qwen3'])('%s: writes what mlx-lm loads, to the bit', async (family) => {
    expect(await written(await adapterOf(family), family)).toEqual(await read(sharedFolder(`goldens/mlx/${family}`)));
  });

  it('fills smaller ranks with zeros and puts other scalings into B', async () => {
    const adapter = await adapterOf('llama');
    const [path, module] = [...adapter.modules][0]!;
    const [second, other] = [...adapter.modules][1]!;
    const small = { ...other, r: 1, a: other.a.slice(0, other.inFeatures), b: other.b.slice(0, other.outFeatures) };
    const modules = new Map([
      [path, module],
      [second, { ...small, scaling: 3 * module.scaling }],
    ]);
    const { config, tensors } = await written({ ...adapter, modules }, 'llama');
    expect(config.lora_parameters).toMatchObject({ rank: 4, scale: module.scaling });
    const [, shape, values] = tensors.find(([name]) => name === `${second}.lora_b`)!;
    expect(shape).toEqual([4, other.outFeatures]);
    expect(values.subarray(0, other.outFeatures)).toEqual(small.b.map((b) => 3 * b));
    expect(values.subarray(other.outFeatures).every((b) => b === 0)).toBe(true);
  });

  it('refuses a module outside the blocks', async () => {
    const adapter = await adapterOf('llama');
    const modules = new Map([['lm_head', [...adapter.modules.values()][0]!]]);
    expect(() => writeMlxFolder({ ...adapter, modules }, { family: 'llama', layers: 2 })).toThrow(
      'found it on "lm_head"',
    );
  });

  it('names GPT-2 and GPT-NeoX as mlx-lm does, and refuses what mlx-lm has not', async () => {
    const names = async (golden: string, family: string) =>
      (await written(await adapterOf(golden), family)).tensors.map(([name]) => name);
    expect(await names('gpt2', 'gpt2')).toContain('model.h.1.attn.c_attn.lora_a');
    expect(await names('gpt_neox', 'gpt_neox')).toContain('model.h.0.attention.query_key_value.lora_b');
    const adapter = await adapterOf('opt');
    expect(() => writeMlxFolder(adapter, { family: 'opt', layers: 2 })).toThrow('found a base of "opt"');
  });
});
