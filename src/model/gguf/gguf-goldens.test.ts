// GGUF files that llama.cpp's own converters made, against the safetensors that they were made from.

import { describe, expect, it } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { readModelTensors } from '../model-tensors.ts';
import { quantizeRows, readQuantRows, weightSource } from '../quantize.ts';
import { readRows, readTensor, rowsOf } from '../read-tensor.ts';
import type { TensorInfo } from '../safetensors.ts';
import { describeWithShared, sharedFile, sharedFolder, sharedJson } from '../testing/shared.ts';
import { openGguf } from './open-gguf.ts';

describe.each(['llama', 'qwen2', 'qwen3', 'gpt_neox'])('%s', (family) => {
  const path = `goldens/gguf/${family}/base.q8_0.gguf`;
  describeWithShared('base.q8_0.gguf', path, () => {
    const opened = openGguf(sharedFile(path));
    const original = readModelTensors(sharedFolder(`goldens/${family}/model`));

    it('has every tensor of the model under its name and with its shape', async () => {
      const { tensors } = await opened;
      expect([...tensors.keys()].sort()).toEqual([...(await original).tensors.keys()].sort());
      for (const [name, info] of (await original).tensors) expect(tensors.get(name)!.shape, name).toEqual(info.shape);
    });

    it('keeps the bits of Q8_0 in q8, whatever the order of rows in the file', async () => {
      const { tensors } = await opened;
      for (const [name, info] of (await original).tensors) {
        const { rows, columns } = rowsOf(info);
        const stored = tensors.get(name)!;
        if (stored.dtype !== 'Q8_0') {
          expect(await readTensor(stored), name).toEqual(await readTensor(info));
          continue;
        }
        const expected = quantizeRows(name, await readTensor(info), rows, columns, 'q8');
        expect(await readQuantRows(weightSource(tensors, name), 0, rows, 'q8'), name).toEqual(expected);
        const half = 2 * Math.floor(rows / 4);
        const part = await readQuantRows(weightSource(tensors, name), half, rows, 'q8');
        expect(part, name).toEqual(
          quantizeRows(name, await readRows(info, half, rows), rows - half, columns, 'q8', half),
        );
      }
    });

    it('has the settings of config.json', async () => {
      const config = sharedJson<Record<string, unknown>>(`goldens/${family}/model/config.legacy.json`);
      const ours = (await opened).config;
      for (const key of Object.keys(ours)) {
        if (ours[key] === undefined || /_token_id$|^(rope_scaling|attention_bias)$/.test(key)) continue;
        const [found, expected] = [ours[key], config[key] ?? (key === 'num_key_value_heads' ? 4 : config[key])];
        if (expected === undefined) continue;
        if (typeof expected === 'number') expect(found, key).toBeCloseTo(expected, 9);
        else expect(found, key).toEqual(expected);
      }
    });
  });
});

describeWithShared('base.f32.gguf', 'goldens/gguf/llama/base.f32.gguf', () => {
  const file = sharedFile('goldens/gguf/llama/base.f32.gguf');
  const values = async (tensors: ReadonlyMap<string, TensorInfo>) =>
    Promise.all([...tensors].sort().map(async ([name, info]) => [name, await readTensor(info)] as const));

  it('opens as a model and gives the same numbers as its safetensors, to the bit', async () => {
    const folder = await openModelFolder([file]);
    const original = await openModelFolder(sharedFolder('goldens/llama/model'));
    expect(folder.warnings).toEqual([]);
    expect(folder.loadTokenizer).toBeUndefined();
    const { bos, eos, pad, normEps, ...config } = folder.config;
    expect(original.config).toMatchObject(config);
    expect(Math.fround(original.config.normEps)).toBe(normEps);
    expect(await values(folder.tensors)).toEqual(await values(original.tensors));
  });

  it('does not without the order of rows (control)', async () => {
    const { tensors } = await openGguf(file);
    const name = 'model.layers.0.self_attn.q_proj.weight';
    const { storedRow, ...asStored } = tensors.get(name)!;
    expect(storedRow).toBeDefined();
    expect(await readTensor(asStored)).not.toEqual(await readTensor(tensors.get(name)!));
  });
});
