import { expect, it } from 'vitest';
import { readGgufHeader } from '../../model/gguf/read-header.ts';
import type { GgufType } from '../../model/gguf/write-model.ts';
import { fileFromBytes, type ModelFile } from '../../model/model-file.ts';
import { openModelFolder } from '../../model/model-folder.ts';
import type { QuantChoice } from '../../model/prepare-weights.ts';
import { readTensor } from '../../model/read-tensor.ts';
import { collectFile } from '../../model/testing/collect-file.ts';
import { describeWithShared, sharedFile, sharedFolder } from '../../model/testing/shared.ts';
import { mergedGguf } from './merged-gguf.ts';
import { readAdapter } from './read-adapter.ts';

const F32: QuantChoice = { linears: 'f32', embeddings: 'f32' };
const Q8: QuantChoice = { linears: 'q8', embeddings: 'q8' };

const rawTensors = async (file: ModelFile) => {
  const { tensors, metadata } = await readGgufHeader(file);
  const bytes = new Map<string, [string, string, string]>();
  for (const t of tensors)
    bytes.set(t.name, [
      t.dtype,
      t.shape.join(),
      Buffer.from(await t.file.read(t.begin, t.end - t.begin)).toString('base64'),
    ]);
  return { metadata, tensors: new Map([...bytes].sort(([a], [b]) => (a < b ? -1 : 1))) };
};
const written = async (files: readonly ModelFile[], type: GgufType, quant = F32) => {
  const folder = await openModelFolder(files);
  const { file, notices } = await mergedGguf({ folder, quant }, undefined, type, 'Model', 'model.gguf');
  return { file: fileFromBytes('model.gguf', await collectFile(file)), notices };
};

describeWithShared('mergedGguf()', 'goldens/gguf/llama/base.f32.gguf', () => {
  it.each([
    ['llama', 'F32', 'f32'],
    ['llama', 'Q8_0', 'q8_0'],
    ['qwen2', 'Q8_0', 'q8_0'],
    ['qwen3', 'Q8_0', 'q8_0'],
    ['gpt_neox', 'Q8_0', 'q8_0'],
  ] as const)('%s %s: writes the bytes of llama.cpp’s own converter, and its values', async (family, type, name) => {
    const ours = await rawTensors((await written(sharedFolder(`goldens/${family}/model`), type)).file);
    const reference = await rawTensors(sharedFile(`goldens/gguf/${family}/base.${name}.gguf`));
    expect(ours.tensors).toEqual(reference.tensors);
    const free = /^general\.(name|size_label|file_type)$/;
    for (const [key, value] of reference.metadata)
      if (!free.test(key) && !/attention\.(key|value)_length$/.test(key))
        expect(ours.metadata.get(key), key).toEqual(value);
  });

  it.each(['llama', 'llama_rope3', 'llama_untied', 'qwen2', 'qwen3', 'phi3', 'gpt2', 'gpt_neox'])(
    '%s: a model that is written and read again is the model',
    async (family) => {
      const files = sharedFolder(`goldens/${family}/model`);
      const [folder, back] = [
        await openModelFolder(files),
        await openModelFolder([(await written(files, 'F32')).file]),
      ];
      for (const [name, info] of back.tensors) {
        const original = folder.tensors.get(name)!;
        const values = await readTensor(original);
        const found = await readTensor(info);
        expect(found.length, name).toBe(values.length);
        const [rows = 1, columns = 1] = info.shape;
        const isTurned = original.shape.length === 2 && family === 'gpt2' && /\.(attn|mlp)\./.test(name);
        const at = (i: number) => (isTurned ? (i % columns) * rows + Math.floor(i / columns) : i);
        expect(
          found.every((value, i) => value === values[at(i)]),
          name,
        ).toBe(true);
      }
      expect(back.tensors.size).toBe(new Set([...folder.tensors.keys()]).size);
    },
  );

  it('refuses what llama.cpp has no place for, and says where a window is lost', async () => {
    await expect(written(sharedFolder('goldens/gemma3_text/model'), 'F32')).rejects.toThrow(
      'Cannot write the model as GGUF',
    );
    await expect(written(sharedFolder('goldens/opt/model'), 'F32')).rejects.toThrow('found a "opt"');
    expect((await written(sharedFolder('goldens/mistral/model'), 'F32')).notices[0]).toContain('rows longer than 10');
  });

  it('merges on the numbers that training used', async () => {
    const folder = await openModelFolder(sharedFolder('goldens/llama/model'));
    const { adapter } = await readAdapter(sharedFolder('goldens/llama/lora_all_linear/adapter'), folder.config);
    const tensor = 'model.layers.1.mlp.down_proj.weight';
    const of = async (quant: QuantChoice, withAdapter: boolean) => {
      const { file } = await mergedGguf({ folder, quant }, withAdapter ? adapter : undefined, 'F32', 'm', 'm.gguf');
      const opened = await openModelFolder([fileFromBytes('m.gguf', await collectFile(file))]);
      return readTensor(opened.tensors.get(tensor)!);
    };
    const [plain, merged, q8, q8Merged] = [
      await of(F32, false),
      await of(F32, true),
      await of(Q8, false),
      await of(Q8, true),
    ];
    const m = adapter.modules.get('model.layers.1.mlp.down_proj')!;
    const delta = (i: number) => {
      const [row, column] = [Math.floor(i / m.inFeatures), i % m.inFeatures];
      let sum = 0;
      for (let k = 0; k < m.r; k++) sum += m.b[row * m.r + k]! * m.a[k * m.inFeatures + column]!;
      return m.scaling * sum;
    };
    expect(q8).not.toEqual(plain);
    for (let i = 0; i < plain.length; i++) {
      expect(merged[i]!).toBeCloseTo(plain[i]! + delta(i), 6);
      expect(q8Merged[i]!).toBeCloseTo(q8[i]! + delta(i), 6);
    }
  });
});
