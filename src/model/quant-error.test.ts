import { expect, it } from 'vitest';
import { readModelTensors } from './model-tensors.ts';
import { placeWeight } from './prepare-weights.ts';
import { quantError } from './quant-error.ts';
import { describeWithShared, sharedFile, sharedJson } from './testing/shared.ts';

describeWithShared('quantError()', 'goldens/llama_quant/nf4', () => {
  it.each([
    ['int8_g32', 'q8'],
    ['int8_row', 'int8-row'],
    ['nf4', 'nf4'],
    ['nf4_dq', 'nf4-dq'],
  ] as const)('gives the errors of %s that torch measured', async (scheme, storage) => {
    const { weights } = sharedJson<{ weights: Record<string, { weight_err_max: number; rel_l2: number }> }>(
      `goldens/llama_quant/${scheme}/base.json`,
    );
    const { tensors } = await readModelTensors([sharedFile('goldens/llama_untied/model/model.safetensors')]);
    expect(Object.keys(weights)).toHaveLength(14);
    for (const [path, measured] of Object.entries(weights)) {
      const name = `${path}.weight`;
      const spec = { name, shape: tensors.get(name)!.shape, kind: 'linear' } as const;
      const error = await quantError(tensors, placeWeight(spec, { linears: storage, embeddings: storage }));
      expect(error.relative / measured.rel_l2).toBeCloseTo(1, 4);
      expect(error.largest / measured.weight_err_max).toBeCloseTo(1, 4);
    }
  });
});
