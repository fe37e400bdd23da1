// GGUF bases on the device, plain and with an adapter, against torch with the same Q8_0 weights.

import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPeftFolder } from '../lora/files/peft.ts';
import { FAMILIES } from '../model/families/by-model-type.ts';
import { openModel, Q8 } from '../model/testing/open-model.ts';
import { describeWithShared, diskFile, diskFolder, sharedPath } from '../model/testing/shared.ts';
import { type BaseJson, readGoldenJson, readGoldenTensors } from './testing/golden.ts';
import { score, worstLogit } from './testing/score-golden.ts';

/** As for every f32 engine over the same weights (the references' README). */
const LOGITS = 2e-4;
const LOSS = 1e-5;

describe.each(['llama', 'qwen2', 'qwen3', 'gpt_neox'].filter((family) => FAMILIES.has(family)))('%s', (family) => {
  describeWithShared(`${family} from Q8_0`, `goldens/gguf/${family}/base.q8_0.gguf`, () => compare(family));
});

function compare(family: string): void {
  const folder = sharedPath(`goldens/gguf/${family}`);
  const base = readGoldenJson<BaseJson>(sharedPath(`goldens/${family}`), 'base.json');
  const golden = readGoldenJson<{ q8_0_loss: number; q8_0_lora_loss: number }>(folder, 'golden.json');
  const expected = readGoldenTensors(path.join(folder, 'golden.safetensors'));
  const opened = openModel([diskFile(path.join(folder, 'base.q8_0.gguf'))], Q8);

  it('gives the logits and the loss of the base', async () => {
    const model = await opened;
    const { logits, loss } = await score(model, undefined, base);
    expect(worstLogit(logits, (await expected).get('q8_0.logits')!, base, model.config.vocab)).toBeLessThan(LOGITS);
    expect(Math.abs(loss - golden.q8_0_loss)).toBeLessThan(LOSS);
  });

  it('takes a PEFT adapter as it is', async () => {
    const model = await opened;
    const files = diskFolder(sharedPath(`goldens/${family}/lora_all_linear/adapter`));
    const { adapter } = await readPeftFolder(files, model.parts);
    const { logits, loss } = await score(model, adapter, base);
    const reference = (await expected).get('q8_0.lora.logits')!;
    expect(worstLogit(logits, reference, base, model.config.vocab)).toBeLessThan(LOGITS);
    expect(Math.abs(loss - golden.q8_0_lora_loss)).toBeLessThan(LOSS);
    const { logits: without } = await score(model, undefined, base);
    expect(worstLogit(without, reference, base, model.config.vocab), 'control').toBeGreaterThan(0.1);
  });
}
