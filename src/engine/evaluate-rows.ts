// An evaluation: every row's question is answered by each contestant, and the expected answer is scored under each. Several
// rows are answered in one batch: decoding a token costs about the same for eight columns as for one.

import { makeBatch } from '../data/make-batch.ts';
import { promptAs } from '../data/prompting.ts';
import type { TokenRow } from '../data/types.ts';
import type { BaseModel } from '../model/base-model.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { type Answer, Generator } from '../train/generate.ts';
import { Scorer } from '../train/score.ts';
import { withPrompt } from '../train/soft-prompt.ts';
import { encodeRequest } from './encode-request.ts';
import type { EvalRow, EvalRowResult, EvaluateRequest } from './protocol.ts';

/** Answers of one batch, those of all contestants together. */
const BATCH = 8;

interface Contest {
  readonly model: BaseModel;
  readonly tokenizer: Tokenizer;
  readonly contestants: readonly Answer[];
  readonly signal: AbortSignal;
}

interface EncodedRow {
  readonly prompt: readonly number[];
  /** Prompt and expected answer; the answer and its end of turn are supervised. */
  readonly row: TokenRow;
}

/** Yields each row as it is done; ends early when aborted. Throws for a row that does not fit into the base's context. */
export async function* evaluateRows(contest: Contest, request: EvaluateRequest): AsyncGenerator<EvalRowResult> {
  const { model, tokenizer, contestants, signal } = contest;
  const rows = request.rows.map((row, index) => encodeRow(row, index, contest, request));
  const at = Math.max(1, Math.floor(BATCH / contestants.length));
  for (let first = 0; first < rows.length && !signal.aborted; first += at) {
    const some = rows.slice(first, first + at);
    const answers = request.maxTokens > 0 ? await answer(contest, some, request) : some.map(() => []);
    if (signal.aborted) return;
    const losses = await scoreAll(
      model,
      contestants,
      some.map(({ row }) => row),
    );
    for (const [i, { row }] of some.entries())
      yield {
        row: first + i,
        answers: answers[i]!.map((ids) => tokenizer.decode(ids)),
        lossSums: losses[i]!,
        tokens: row.mask.reduce((n, m) => n + m, 0),
      };
  }
}

function encodeRow(
  { prompt, expected, isRendered }: EvalRow,
  index: number,
  { model, tokenizer }: Contest,
  request: EvaluateRequest,
): EncodedRow {
  const promptIds = isRendered
    ? tokenizer.encode(prompt, { special: true })
    : encodeRequest(tokenizer, asked(prompt, request), request.chat);
  const answerIds = [...tokenizer.encode(expected, { special: false }), ...tokenizer.endOfTurn.slice(0, 1)];
  const { contextTokens } = model.config;
  const needed = promptIds.length + Math.max(answerIds.length, request.maxTokens);
  if (promptIds.length === 0) throw new RangeError(`Cannot evaluate row ${index + 1}: found an empty prompt, need one`);
  if (needed > contextTokens)
    throw new RangeError(
      `Cannot evaluate row ${index + 1}: found ${needed} tokens with its answer, the base has room for ${contextTokens}`,
    );
  const ids = Int32Array.from([...promptIds, ...answerIds]);
  const mask = new Uint8Array(ids.length).fill(1, promptIds.length);
  return { prompt: promptIds, row: { file: '', line: index + 1, ids, mask } };
}

function asked(prompt: string, { chat, prompting }: EvaluateRequest) {
  return chat ? promptAs([{ role: 'user', content: prompt }], prompting) : prompt;
}

/** Token ids of each row's answers, one a contestant. */
async function answer(
  { model, tokenizer, contestants, signal }: Contest,
  rows: readonly EncodedRow[],
  { maxTokens, sampling }: EvaluateRequest,
): Promise<number[][][]> {
  const prompts = rows.flatMap(({ prompt }) => contestants.map(() => prompt));
  const answers = rows.flatMap(() => contestants);
  const longest = Math.max(...prompts.map(({ length }) => length));
  const generator = await Generator.create(model, answers, longest + maxTokens);
  const ids = rows.map(() => contestants.map((): number[] => []));
  try {
    const options = { ...sampling, maxTokens, stopIds: tokenizer.endOfTurn, signal };
    for await (const { answer: at, id } of generator.run(prompts, options))
      if (id !== undefined) ids[Math.floor(at / contestants.length)]![at % contestants.length]!.push(id);
  } finally {
    generator.destroy();
  }
  return ids;
}

/** Sum of losses of each row under each contestant. */
async function scoreAll(
  model: BaseModel,
  contestants: readonly Answer[],
  rows: readonly TokenRow[],
): Promise<number[][]> {
  const sums = rows.map((): number[] => []);
  for (const { adapter, strength } of contestants) {
    const own = withPrompt(rows, adapter, strength);
    const longest = Math.max(...own.map(({ ids }) => ids.length));
    const columns = 16 * Math.ceil(longest / 16);
    const scorer = await Scorer.create(model, adapter, columns, longest);
    try {
      for (const i of rows.keys()) {
        const { losses } = await scorer.score(makeBatch(own, [i], columns), strength);
        sums[i]!.push(losses.reduce((a, b) => a + b, 0));
      }
    } finally {
      scorer.destroy();
    }
  }
  return sums;
}
