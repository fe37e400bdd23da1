import { expect, it } from 'vitest';
import { quantOf } from './choose-quant.ts';
import { openModelFolder } from './model-folder.ts';
import { modelParts } from './model-parts.ts';
import { placeWeight } from './prepare-weights.ts';
import { readTensor } from './read-tensor.ts';
import { readSafetensorsHeader } from './safetensors.ts';
import { storedRows } from './stored-rows.ts';
import { describeWithShared, sharedFile, sharedFolder, sharedJson } from './testing/shared.ts';

describeWithShared('storedRows()', 'goldens/llama_quant/int8_row/quant.safetensors', () => {
  it('gives the numbers that codes and scales stand for', async () => {
    const { model } = sharedJson<{ model: string }>('goldens/llama_quant/int8_row/base.json');
    const folder = await openModelFolder(sharedFolder(`goldens/${model}`));
    const { tensors } = await readSafetensorsHeader(sharedFile('goldens/llama_quant/int8_row/quant.safetensors'));
    const path = 'model.layers.1.mlp.down_proj';
    const part = async (name: string) => tensors.find((t) => t.name === `${path}.${name}`)!;
    const q = await part('q');
    const codes = new Int8Array((await q.file.read(q.begin, q.end - q.begin)).slice().buffer);
    const scales = await readTensor(await part('scale'));
    const spec = modelParts(folder.config).tensors.find(({ name }) => name === `${path}.weight`)!;
    const found: number[] = [];
    for await (const { values } of storedRows(folder.tensors, placeWeight(spec, quantOf('int8-row'))))
      found.push(...values);
    const columns = spec.shape[1]!;
    expect(found).toEqual([...codes].map((code, i) => Math.fround(code * scales[Math.floor(i / columns)]!)));
  });

  it('quantises the scales of nf4-dq over the whole matrix', async () => {
    const folder = await openModelFolder(sharedFolder('goldens/llama/model'));
    const spec = modelParts(folder.config).tensors.find(({ name }) => name.endsWith('0.self_attn.q_proj.weight'))!;
    const rows = async (scheme: 'nf4' | 'nf4-dq') => {
      const found: number[] = [];
      for await (const { values } of storedRows(folder.tensors, placeWeight(spec, quantOf(scheme))))
        found.push(...values);
      return found;
    };
    const [single, double] = [await rows('nf4'), await rows('nf4-dq')];
    expect(double).not.toEqual(single);
    const worst = Math.max(...single.map((value, i) => Math.abs(value - double[i]!) / Math.max(Math.abs(value), 0.02)));
    expect(worst).toBeLessThan(0.1); // 8 bits for a scale
  });
});
