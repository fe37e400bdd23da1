// Merged adapters give the logits that they give in PEFT (add_weighted_adapter); the factors themselves are compared in
// src/lora/merge.

import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openDevice } from '../gpu/testing/open-device.ts';
import { readPeftFolder } from '../lora/files/peft.ts';
import { type MergeMethod, mergeAdapters } from '../lora/merge/merge-adapters.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { describeWithShared, diskFolder, sharedJson, sharedPath } from '../model/testing/shared.ts';
import { type BaseJson, readGoldenJson, readGoldenTensors } from './testing/golden.ts';
import { score, worstLogit } from './testing/score-golden.ts';

interface GoldenCase {
  readonly adapters: readonly string[];
  readonly weights: readonly number[];
  readonly combination_type: MergeMethod;
  readonly svd_rank?: number;
  readonly density?: number;
  readonly majority_sign_method?: 'total' | 'frequency';
}
const LOGITS = 2e-4;

describeWithShared('merged adapters against PEFT', 'goldens/llama_merge', () => {
  const { cases } = sharedJson<{ cases: Record<string, GoldenCase> }>('goldens/llama_merge/golden.json');
  const opened = openDevice().then(async (device) =>
    BaseModel.open(
      device,
      await openModelFolder(diskFolder(sharedPath('goldens/llama_untied/model')), 'llama_untied'),
      {
        linears: 'f32',
        embeddings: 'f32',
      },
    ),
  );
  afterAll(async () => (await opened).destroy());
  const base = readGoldenJson<BaseJson>(sharedPath('goldens/llama_untied'), 'base.json');
  const logitError = async (name: string, weights: readonly number[]) => {
    const model = await opened;
    const golden = cases[name]!;
    const read = async (adapter: string) =>
      readPeftFolder(diskFolder(sharedPath(path.join('goldens/llama_merge/adapters', adapter))), model.parts);
    const inputs = await Promise.all(
      golden.adapters.map(async (at, i) => ({ name: at, adapter: (await read(at)).adapter, weight: weights[i]! })),
    );
    const merged = mergeAdapters(inputs, {
      method: golden.combination_type,
      rank: golden.svd_rank,
      density: golden.density,
      majority: golden.majority_sign_method,
    });
    const expected = (await readGoldenTensors(sharedPath('goldens/llama_merge/golden.safetensors'))).get(
      `${name}.logits`,
    )!;
    return worstLogit((await score(model, merged, base)).logits, expected, base, model.config.vocab);
  };

  it.each(Object.keys(cases))('%s', async (name) => {
    expect(await logitError(name, cases[name]!.weights)).toBeLessThan(LOGITS);
  });

  it('and not with another weight', async () => {
    expect(await logitError('cat', [0.7, 0.31])).toBeGreaterThan(10 * LOGITS);
  });
});
