// Merged adapters give the logits that they give in PEFT (add_weighted_adapter); the factors themselves are compared in
// src/lora/merge.

import path from 'node:path';
import { expect, it } from 'vitest';
import { readPeftFolder } from '../lora/files/peft.ts';
import { mergeAdapters } from '../lora/merge/merge-adapters.ts';
import { GOLDEN_MERGES, goldenMerges, optionsOf } from '../lora/merge/testing/golden-merges.ts';
import { F32, openModel } from '../model/testing/open-model.ts';
import { describeWithShared, diskFolder, sharedPath } from '../model/testing/shared.ts';
import { type BaseJson, readGoldenJson, readGoldenTensors } from './testing/golden.ts';
import { score, worstLogit } from './testing/score-golden.ts';

const LOGITS = 2e-4;

describeWithShared('merged adapters against PEFT', GOLDEN_MERGES, () => {
  const cases = goldenMerges();
  const opened = openModel(sharedPath('goldens/llama_untied/model'), F32);
  const base = readGoldenJson<BaseJson>(sharedPath('goldens/llama_untied'), 'base.json');
  const logitError = async (name: string, weights: readonly number[]) => {
    const model = await opened;
    const golden = cases[name]!;
    const read = async (adapter: string) =>
      readPeftFolder(diskFolder(sharedPath(path.join(GOLDEN_MERGES, 'adapters', adapter))), model.parts);
    const inputs = await Promise.all(
      golden.adapters.map(async (at, i) => ({ name: at, adapter: (await read(at)).adapter, weight: weights[i]! })),
    );
    const merged = mergeAdapters(inputs, optionsOf(golden));
    const file = sharedPath(path.join(GOLDEN_MERGES, 'golden.safetensors'));
    const expected = (await readGoldenTensors(file)).get(`${name}.logits`)!;
    return worstLogit((await score(model, merged, base)).logits, expected, base, model.config.vocab);
  };

  it.each(Object.keys(cases))('%s', async (name) => {
    expect(await logitError(name, cases[name]!.weights)).toBeLessThan(LOGITS);
  });

  it('and not with another weight', async () => {
    expect(await logitError('cat', [0.7, 0.31])).toBeGreaterThan(10 * LOGITS);
  });
});
