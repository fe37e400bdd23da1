// Play: answers of the base and of adapters, side by side in one batch, between the steps of a run if one is in progress.

import { promptAs } from '../data/prompting.ts';
import { createReadContext } from '../data/read-context.ts';
import { FlatAdapter } from '../lora/flat-adapter.ts';
import { stopAt } from '../model/stop-at.ts';
import type { TextStream, Tokenizer } from '../model/tokenizer.ts';
import { type Answer, Generator, type TokenEvent } from '../train/generate.ts';
import { findSplit } from '../train/split-rows.ts';
import type { BaseService } from './base-service.ts';
import { encodeRequest } from './encode-request.ts';
import { evaluateRows } from './evaluate-rows.ts';
import { heldBackRow } from './held-back-row.ts';
import type { LibraryService } from './library-service.ts';
import {
  type AnswerPiece,
  type Contestant,
  type EvalRow,
  type EvalRowResult,
  type EvaluateRequest,
  type GenerateEvent,
  type GenerateRequest,
  isRunningAdapter,
  MOST_ANSWERS,
  type PlayApi,
} from './protocol.ts';
import type { Session } from './session.ts';

/** How many of the likeliest tokens are reported with each one. */
const LIKELIEST = 5;

export class PlayService implements PlayApi {
  constructor(
    private readonly session: Session,
    private readonly base: BaseService,
    private readonly library: LibraryService,
  ) {}

  generate(request: GenerateRequest, onEvent: (event: GenerateEvent) => void): Promise<void> {
    return this.session.answer(async (signal) => {
      const model = await this.base.liveModel();
      const tokenizer = this.session.needTokenizer();
      const prompts = request.answers.map(({ messages }) =>
        encodeRequest(tokenizer, request.chat ? promptAs(messages, request.prompting) : messages, request.chat),
      );
      const longest = Math.max(...prompts.map(({ length }) => length));
      const maxTokens = Math.min(request.maxTokens, this.roomAfter(longest));
      await this.withContestants(request.answers, async (answers) => {
        const generator = await this.session.turns.during(() => Generator.create(model, answers, longest + maxTokens));
        try {
          const texts = answers.map(() => stopAt(tokenizer.decodeStream(), request.stopTexts ?? []));
          const say = sayPieces(tokenizer, texts, onEvent);
          const options = {
            ...request.sampling,
            maxTokens,
            likeliest: LIKELIEST,
            stopIds: tokenizer.endOfTurn,
            isOver: (answer: number) => texts[answer]!.isStopped,
            signal,
          };
          await this.inTurns(generator.run(prompts, options), say);
        } finally {
          generator.destroy();
        }
      });
    });
  }

  evaluate(request: EvaluateRequest, onRow: (result: EvalRowResult) => void): Promise<void> {
    return this.session.answer(async (signal) => {
      const model = await this.base.liveModel();
      return this.withContestants(request.contestants, (contestants) => {
        const tokenizer = this.session.needTokenizer();
        let left = request.rows.length;
        return this.inTurns(evaluateRows({ model, tokenizer, contestants, signal }, request), (result) => {
          onRow(result);
          return --left === 0;
        });
      });
    });
  }

  async stopGenerating(): Promise<void> {
    this.session.abortAnswers();
  }

  async heldBackRows(
    settings: { readonly validationSplit: number; readonly seed: number },
    count: number,
  ): Promise<readonly EvalRow[]> {
    const tokenizer = this.session.needTokenizer();
    const rows = this.session.data?.dataset?.rows;
    if (rows === undefined) throw new Error('Cannot take rows: found no open dataset, need one');
    const { validation } = await findSplit(rows, settings, createReadContext(0));
    if (validation.length === 0)
      throw new RangeError('Cannot take rows: found none held back, need a share above 0 % and more than one row');
    return validation.slice(0, count).map((index) => heldBackRow(rows[index]!, tokenizer));
  }

  private roomAfter(promptTokens: number): number {
    const { contextTokens } = this.session.needModel().config;
    if (promptTokens >= contextTokens)
      throw new RangeError(
        `Cannot answer: found a prompt of ${promptTokens} tokens, need fewer than the base's ${contextTokens}`,
      );
    return contextTokens - promptTokens;
  }

  /** Loads the adapters onto the device for `work`. A run's adapter is copied as of now, because the run keeps changing its own. */
  private async withContestants<T>(
    contestants: readonly Contestant[],
    work: (answers: readonly Answer[]) => Promise<T>,
  ): Promise<T> {
    if (contestants.length < 1 || contestants.length > MOST_ANSWERS)
      throw new RangeError(
        `Cannot answer: found ${contestants.length} answers side by side, need 1 to ${MOST_ANSWERS}; take some out, or ask in two rounds`,
      );
    const answers: Answer[] = [];
    const copies = new Map<string, FlatAdapter>();
    const find = async (adapterId: string) => {
      if (!isRunningAdapter(adapterId)) {
        const loaded = await this.session.turns.during(() => this.library.load(adapterId));
        // What answers is not put away for others that are loaded meanwhile.
        this.session.answeringWith.add(loaded);
        return loaded;
      }
      const copy = copies.get(adapterId) ?? (await this.copyRunning(adapterId));
      copies.set(adapterId, copy);
      return copy;
    };
    try {
      for (const { adapterId, strength } of contestants)
        answers.push({ adapter: adapterId === null ? undefined : await find(adapterId), strength });
      return await work(answers);
    } finally {
      for (const copy of copies.values()) copy.destroy();
      for (const { adapter } of answers) if (adapter) this.session.answeringWith.delete(adapter);
    }
  }

  private copyRunning(name: string): Promise<FlatAdapter> {
    return this.session.turns.during(() => FlatAdapter.copyOf(this.session.needTraining(name)));
  }

  /** Consumes results until `take` says that one was the last; gives up the GPU whenever its turn is over. */
  private async inTurns<T>(events: AsyncGenerator<T>, take: (event: T) => boolean): Promise<void> {
    for (;;) {
      const turn = await this.session.turns.take();
      try {
        do {
          const next = await events.next();
          if (next.done) return;
          // Not asked for once more: that would wait for another turn only to hear that it is over.
          if (take(next.value)) return void (await events.return(undefined));
        } while (!turn.isOver);
      } finally {
        turn.end();
      }
    }
  }
}

/** Turns tokens into pieces of text with their probabilities; true when the last answer has ended. */
function sayPieces(
  tokenizer: Tokenizer,
  texts: readonly TextStream[],
  onEvent: (event: GenerateEvent) => void,
): (event: TokenEvent) => boolean {
  const streams = texts.map((text) => ({ text, probability: 1 }));
  const began = performance.now();
  let tokens = 0;
  let left = texts.length;
  return ({ answer, id, probability, likeliest, reason }) => {
    const stream = streams[answer]!;
    if (id !== undefined) tokens++;
    const text = id === undefined ? stream.text.end() : stream.text.push(id);
    if (id !== undefined) stream.probability *= probability;
    let piece: AnswerPiece | undefined;
    if (text !== '') {
      const others = likeliest.map((one) => ({
        text: tokenizer.decode([one.id], { special: true }),
        probability: one.probability,
      }));
      piece = { text, probability: stream.probability, likeliest: others };
      stream.probability = 1;
    }
    const tokensPerSecond = tokens / ((performance.now() - began) / 1000);
    if (piece !== undefined || reason !== undefined)
      onEvent({ answer, piece, done: reason !== undefined, reason, tokensPerSecond });
    if (reason !== undefined) left--;
    return left === 0;
  };
}
