// A soft prompt beside other answers, at the strengths that it can have, begun as PEFT begins it, and measured against the base.

import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBatch } from '../data/make-batch.ts';
import { openDevice } from '../gpu/testing/open-device.ts';
import { readPeftFolder } from '../lora/files/peft.ts';
import { FlatAdapter } from '../lora/flat-adapter.ts';
import { parsePromptConfig } from '../lora/methods/prompt-tuning.ts';
import { startAdapter } from '../lora/start-adapter.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { ForgettingMeter } from './forgetting-meter.ts';
import { type Answer, Generator } from './generate.ts';
import { DEFAULT_SETTINGS } from './recipe.ts';
import { runTraining } from './run-training.ts';
import { Scorer } from './score.ts';
import { promptLength, withoutPrompt, withPrompt } from './soft-prompt.ts';
import { splitRows } from './split-rows.ts';
import {
  type BaseJson,
  diskFolder,
  goldenPath,
  goldenRows,
  readGoldenJson,
  readGoldenTensors,
} from './testing/golden.ts';
import { patternRows } from './testing/short-run.ts';

const FOLDER = goldenPath('llama_yarn')!;
const F32 = { linears: 'f32', embeddings: 'f32' } as const;
const base = readGoldenJson<BaseJson>(FOLDER, 'base.json');
let model: BaseModel;
let adapter: FlatAdapter;

beforeAll(async () => {
  // The fixture's words, so that a prompt can begin with a text.
  const tokenizer = diskFolder(path.join(FOLDER, 'prompt')).find(({ name }) => name === 'tokenizer.json')!;
  const files = [...diskFolder(path.join(FOLDER, 'model')), tokenizer];
  model = await BaseModel.open(await openDevice(), await openModelFolder(files, 'llama_yarn'), F32);
  const read = await readPeftFolder(diskFolder(path.join(FOLDER, 'prompt/adapter')), model.parts);
  adapter = await FlatAdapter.load(model.device, read.adapter);
});
afterAll(() => {
  adapter.destroy();
  model.destroy();
});

async function ask(answers: readonly Answer[], prompt: readonly number[]): Promise<number[][]> {
  const generator = await Generator.create(model, answers, prompt.length + 8);
  const out = answers.map((): number[] => []);
  const options = { maxTokens: 8, temperature: 0, topP: 1, seed: 0, stopIds: [] };
  for await (const { answer, id } of generator.run(prompt, options)) if (id !== undefined) out[answer]!.push(id);
  generator.destroy();
  return out;
}

describe('a soft prompt', () => {
  const [row] = goldenRows(base);
  const alone = { adapter: undefined, strength: 1 };

  it('answers beside the base as each of them does alone', async () => {
    const prompt = [...row!.ids.subarray(0, 7)];
    const prompted = { adapter, strength: 1 };
    const [of, other, off] = await ask([prompted, alone, { adapter, strength: 0 }], prompt);
    expect([of]).toEqual(await ask([prompted], prompt));
    expect([other]).toEqual(await ask([alone], prompt));
    expect(off).toEqual(other);
    expect(of).not.toEqual(other);
  });

  it('is there or not: another strength is refused', async () => {
    const sentence = 'found a soft prompt, which is there or not; need 0 or 1';
    await expect(Generator.create(model, [{ adapter, strength: 0.5 }], 16)).rejects.toThrow(sentence);
    const scorer = await Scorer.create(model, adapter, 32, 29);
    await expect(scorer.score(makeBatch([row!], [0], 32), 0.5)).rejects.toThrow(sentence);
    scorer.destroy();
    expect([promptLength(adapter), promptLength(adapter, 0), promptLength(undefined)]).toEqual([5, 0, 0]);
  });

  it('leaves the base as it is where forgetting is measured', async () => {
    const rows = goldenRows(base);
    const batch = makeBatch(withPrompt(rows, adapter), [0, 1], 64);
    const meter = await ForgettingMeter.create(model, adapter, 64, 29);
    const { baseLosses, losses, divergences } = await meter.measure(batch);
    meter.destroy();
    const loss = async (from: FlatAdapter | undefined, own: typeof batch) => {
      const scorer = await Scorer.create(model, from, 64, 29);
      const found = (await scorer.score(own)).losses;
      scorer.destroy();
      return found;
    };
    const close = (found: Float32Array, expected: Float32Array) => {
      for (const [i, value] of expected.entries()) expect(Math.abs(found[i]! - value)).toBeLessThan(1e-4);
    };
    close(baseLosses, await loss(undefined, makeBatch(rows, [0, 1], 64)));
    close(losses, await loss(adapter, batch));
    expect(Math.max(...divergences)).toBeGreaterThan(0.01);
  });

  it('is left out where a run asks the base, and stands before the rows at its end', async () => {
    const rows = patternRows(8);
    const own = await FlatAdapter.create(model.device, adapter.shape, await adapter.read());
    // Without a step worth the name: the prompt stays what it is.
    const settings = { ...DEFAULT_SETTINGS, validationSplit: 0.25, learningRate: 1e-12, epochs: 1, batchSize: 2 };
    const { validationBefore, validationAfter } = await runTraining(model, own, {
      rows,
      settings,
      hooks: { onEvent() {} },
    });
    const held = splitRows(rows, settings).validation.map((row) => rows[row]!);
    const mean = async (from: FlatAdapter | undefined) => {
      const scorer = await Scorer.create(model, from, 96, 40);
      const { losses } = await scorer.score(makeBatch(withPrompt(held, from), [...held.keys()], 96));
      scorer.destroy();
      return losses.reduce((a, b) => a + b, 0) / losses.length;
    };
    expect(validationBefore).toBeCloseTo(await mean(undefined), 4);
    expect(validationAfter).toBeCloseTo(await mean(own), 4);
    expect(Math.abs(validationAfter! - validationBefore!), 'the two can be told apart').toBeGreaterThan(1e-2);
    own.destroy();
  });

  it('begins with the rows of a text as PEFT does, with rows of tokens, or with normal numbers', async () => {
    const expected = await readGoldenTensors(path.join(FOLDER, 'prompt/text_start.safetensors'));
    const start = async (own: object, seed = 1) => {
      const json = { peft_type: 'PROMPT_TUNING', ...own };
      return (await startAdapter(model, parsePromptConfig(json, { isNew: true }), seed)).prompt!.rows;
    };
    const text = (count: number, words: string) =>
      start({ num_virtual_tokens: count, prompt_tuning_init: 'TEXT', prompt_tuning_init_text: words });
    expect(await text(5, 'w7 w40 w11')).toEqual(expected.get('short'));
    expect(await text(3, 'w5 w6 w7 w8 w9')).toEqual(expected.get('long'));
    expect(await text(3, 'w5 w6 w8')).not.toEqual(expected.get('long'));
    const sampled = { num_virtual_tokens: 3, prompt_tuning_init: 'SAMPLE_VOCAB' };
    expect(await start(sampled)).toEqual(await start(sampled));
    expect(await start(sampled)).not.toEqual(await start(sampled, 2));
    const random = await start({ num_virtual_tokens: 200 });
    const mean = random.reduce((sum, v) => sum + v, 0) / random.length;
    const variance = random.reduce((sum, v) => sum + v * v, 0) / random.length;
    // 4800 numbers: four standard errors.
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(4800));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 4800));
    await expect(start({ num_virtual_tokens: 2, prompt_tuning_init: 'TEXT' })).rejects.toThrow(
      'prompt_tuning_init_text',
    );
  });

  it('becomes documents of its own where the base reads alone', () => {
    const batch = makeBatch(
      withPrompt([{ ...row!, ids: row!.ids.slice(0, 3), mask: row!.mask.slice(0, 3) }], adapter),
      [0],
      16,
    );
    const { positions, segmentStart, segmentEnd } = withoutPrompt(batch, adapter);
    expect([...positions.subarray(0, 9)]).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 0]);
    expect([...segmentStart.subarray(0, 9)]).toEqual([0, 1, 2, 3, 4, 5, 5, 5, 8]);
    expect([...segmentEnd.subarray(0, 9)]).toEqual([1, 2, 3, 4, 5, 8, 8, 8, 9]);
  });
});
