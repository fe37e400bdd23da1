// The same questions, asked every so many steps: what the base says once, and what the adapter says as it learns. Greedy and
// short. It only reads the adapter, so the run makes the same bits with and without it.

import { promptAs } from '../data/prompting.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { Generator } from '../train/generate.ts';
import { encodeRequest } from './encode-request.ts';
import type { SampleOptions } from './protocol.ts';

const MOST_SAMPLE_PROMPTS = 4;
const MOST_SAMPLE_TOKENS = 200;

/** Throws RangeError naming what is out of its range. */
export function checkSampleOptions({ prompts, everySteps, maxTokens }: SampleOptions): void {
  const refuse = (found: string, need: string) =>
    new RangeError(`Cannot ask sample prompts: found ${found}, need ${need}`);
  if (prompts.length < 1 || prompts.length > MOST_SAMPLE_PROMPTS)
    throw refuse(`${prompts.length} prompts`, `1 to ${MOST_SAMPLE_PROMPTS}`);
  if (!Number.isInteger(everySteps) || everySteps < 1)
    throw refuse(`every ${everySteps} steps`, 'a whole number from 1');
  if (!Number.isInteger(maxTokens) || maxTokens < 1 || maxTokens > MOST_SAMPLE_TOKENS)
    throw refuse(`answers of ${maxTokens} tokens`, `1 to ${MOST_SAMPLE_TOKENS}`);
}

/** True after these steps: every so many, and at the end. */
export function isSampleStep(step: number, everySteps: number, totalSteps: number): boolean {
  return step > 0 && (step % everySteps === 0 || step === totalSteps);
}

/** One answer a prompt, by the base (`adapter` undefined) or by the adapter as it is now. */
export async function answerSamples(
  model: BaseModel,
  tokenizer: Tokenizer,
  adapter: FlatAdapter | undefined,
  options: SampleOptions,
): Promise<string[]> {
  const { contextTokens } = model.config;
  const prompts = options.prompts.map((prompt) =>
    encodeRequest(tokenizer, promptAs([{ role: 'user', content: prompt }], options.prompting), true).slice(
      -(contextTokens - options.maxTokens),
    ),
  );
  const longest = Math.max(...prompts.map(({ length }) => length));
  const answers = prompts.map(() => ({ adapter, strength: 1 }));
  const generator = await Generator.create(model, answers, longest + options.maxTokens);
  try {
    const streams = prompts.map(() => tokenizer.decodeStream());
    const texts = prompts.map(() => '');
    const greedy = { temperature: 0, topP: 1, seed: 0, maxTokens: options.maxTokens, stopIds: tokenizer.endOfTurn };
    for await (const { answer, id } of generator.run(prompts, greedy))
      texts[answer] += id === undefined ? streams[answer]!.end() : streams[answer]!.push(id);
    return texts;
  } finally {
    generator.destroy();
  }
}
