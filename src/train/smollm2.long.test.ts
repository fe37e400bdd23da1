// A whole real model from GGUF, in f32, against transformers (fp32, CPU).

import { afterAll, expect, it } from 'vitest';
import { batchColumns, makeBatch } from '../data/make-batch.ts';
import type { TokenRow } from '../data/types.ts';
import { openDevice } from '../gpu/testing/open-device.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { describeWithShared, sharedJson, sharedPath } from '../model/testing/shared.ts';
import { openModelFile } from '../storage/node.ts';
import { Scorer } from './score.ts';

/** Measured on lavapipe: 2.4e-5 for the logits, 2.0e-4 for the loss of a token. Drivers may add in another order. */
const TOLERANCE = 1e-3;

const FILE = 'models/SmolLM2-135M-Instruct.Q4_1.gguf';

describeWithShared('SmolLM2-135M from GGUF', FILE, () => {
  const opened = (async () => {
    const model = await openModelFolder([await openModelFile(sharedPath(FILE))]);
    return BaseModel.open(await openDevice(), model, { linears: 'f32', embeddings: 'f32' });
  })();
  afterAll(async () => (await opened).destroy());

  const score = async (ids: readonly number[], wantsLogits: boolean) => {
    const model = await opened;
    const mask = new Uint8Array(ids.length).fill(1, 1);
    const row: TokenRow = { file: 'reference', line: 1, ids: Int32Array.from(ids), mask };
    const columns = batchColumns([ids.length]);
    const scorer = await Scorer.create(model, undefined, columns, ids.length, wantsLogits);
    try {
      return { ...(await scorer.score(makeBatch([row], [0], columns))), columns };
    } finally {
      scorer.destroy();
    }
  };

  it('gives the twenty largest logits of a prompt', async () => {
    const { prompts } = sharedJson<{
      prompts: { name: string; input_ids: number[]; last_logits_top20: [number, number][] }[];
    }>('models/reference/prompts.json');
    const { input_ids: ids, last_logits_top20: top } = prompts[0]!;
    const { logits, columns } = await score(ids, true);
    const last = Float32Array.from(
      { length: logits!.length / columns },
      (_, v) => logits![v * columns + ids.length - 1]!,
    );
    const ours = [...last.keys()].sort((a, b) => last[b]! - last[a]!).slice(0, 20);
    const worst = Math.max(...top.map(([id, value]) => Math.abs(last[id]! - value)));
    console.info(`largest difference of the top 20: ${worst}`);
    expect(ours.slice(0, 5)).toEqual(top.slice(0, 5).map(([id]) => id));
    expect(worst).toBeLessThan(TOLERANCE);
  });

  it('gives the loss of a paragraph, token by token', async () => {
    const { paragraphs } = sharedJson<{ paragraphs: { input_ids: number[]; nll: number[]; mean_nll: number }[] }>(
      'models/reference/paragraph_loss.json',
    );
    const { input_ids: ids, nll, mean_nll } = paragraphs[0]!;
    const { losses } = await score(ids, false);
    const worst = Math.max(...nll.map((value, i) => Math.abs(losses[i]! - value)));
    console.info(`largest difference of a token's loss: ${worst}`);
    expect(losses.length).toBe(nll.length);
    expect(worst).toBeLessThan(TOLERANCE);
    expect(losses.reduce((a, b) => a + b, 0) / losses.length).toBeCloseTo(mean_nll, 3);
  });
});
