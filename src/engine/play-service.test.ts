import { beforeAll, describe, expect, it } from 'vitest';
import {
  type EngineApi,
  type GenerateEvent,
  type GenerateRequest,
  RUNNING_ADAPTER,
  type RunEvent,
} from './protocol.ts';
import { memoryEngine, openSquares, openTiny, SETTINGS } from './testing/memory-host.ts';

/** Long enough for three questions on the slowest machine. */
const LONG = { ...SETTINGS, epochs: 25 };
const GREEDY = { temperature: 0, topP: 1, seed: 0 };
const BASE = { adapterId: null, strength: 1 };
const user = (content: string) => ({ role: 'user', content }) as const;
const assistant = (content: string) => ({ role: 'assistant', content }) as const;

async function generate(engine: EngineApi, request: Pick<GenerateRequest, 'answers'> & Partial<GenerateRequest>) {
  const events: GenerateEvent[] = [];
  const whole = { chat: true, maxTokens: 6, sampling: GREEDY, ...request };
  await engine.play.generate(whole, (event) => events.push(event));
  const textOf = (answer: number) =>
    events
      .filter((event) => event.answer === answer)
      .map(({ piece }) => piece?.text ?? '')
      .join('');
  return { events, texts: request.answers.map((_, answer) => textOf(answer)) };
}

/** Trains with `onStep` called between the steps; what the run has told and the adapter that it has left. */
async function train(onStep?: (engine: EngineApi, step: number) => void, settings = SETTINGS) {
  const { engine, adapters } = memoryEngine();
  await openTiny(engine);
  await openSquares(engine);
  const told: number[] = [];
  const result = await engine.run.train('run', 'Squares', settings, (event: RunEvent) => {
    if (event.type !== 'step') return;
    told.push(event.loss);
    onStep?.(engine, event.step);
  });
  const weights = adapters.get(result.adapterId)!.files.get('adapter_model.safetensors')!;
  return { told, weights, engine, result };
}

describe('PlayService.generate()', () => {
  it('answers between the steps of a run, whose numbers stay the same to the bit', async () => {
    const alone = await train(undefined, LONG);
    const answers: Promise<Awaited<ReturnType<typeof generate>>>[] = [];
    const isDone: boolean[] = [];
    let steps = 0;
    const asked = await train((engine, step) => {
      steps = step;
      // The first alone; the second is ended by the third, which comes a step later.
      const isTime = answers.length === 0 ? step === 3 : isDone.length === 1 && answers.length < 3;
      if (!isTime) return;
      const both = [BASE, { adapterId: RUNNING_ADAPTER, strength: 1 }];
      const answer = generate(engine, { answers: both.map((one) => ({ ...one, messages: [user('row 3')] })) });
      answers.push(answer);
      void answer.then(() => isDone.push(steps < LONG.epochs! * 4));
    }, LONG);
    expect(asked.told).toEqual(alone.told);
    expect(asked.weights).toEqual(alone.weights);
    const [early, ended, late] = await Promise.all(answers);
    expect(isDone, 'all of them came while the run went on').toEqual([true, true, true]);
    const [base] = (await generate(asked.engine, { answers: [{ ...BASE, messages: [user('row 3')] }] })).texts;
    expect(early!.texts[0]).toBe(base);
    expect(late!.texts[0]).toBe(base);
    expect(ended!.events.at(-1)!.reason, 'a new question ends the one before').toBe('stopped');
    // The adapter of the run as it is then: later the model finds something else likely than at step 3.
    const first = ({ events }: typeof early & object) => events.find(({ answer }) => answer === 1)!.piece!.likeliest;
    expect(first(early!)).not.toEqual(first(late!));

    const other = await train(undefined, { ...LONG, seed: LONG.seed + 1 });
    expect(other.weights, 'control: another seed makes other bits').not.toEqual(alone.weights);
  });

  it('lets a paused run wait while it answers', async () => {
    let answer: Promise<unknown> | undefined;
    const { told } = await train((engine, step) => {
      if (step !== 5) return;
      void engine.run.pauseRun('run');
      answer = generate(engine, { answers: [{ ...BASE, messages: [user('row 1')] }] }).then(({ texts }) => {
        void engine.run.resumeRun('run');
        return texts;
      });
    });
    expect(told.length).toBe(SETTINGS.epochs! * 4);
    expect(await answer).toEqual([expect.stringMatching(/./)]);
  });
});

describe('PlayService', () => {
  let engine: EngineApi;
  let trained: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    trained = await train(undefined, { ...SETTINGS, learningRate: 0.05 });
    engine = trained.engine;
  });

  it('ends an answer before its stop text, and leaves the others alone', async () => {
    const answers = ['row 1', 'row 2'].map((text) => ({ ...BASE, messages: [user(text)] }));
    const whole = await generate(engine, { answers });
    const [text] = whole.texts as [string];
    const stop = text.slice(2, 5);
    const stopped = await generate(engine, { answers, stopTexts: [stop] });
    expect(stopped.texts[0]).toBe(text.slice(0, text.indexOf(stop)));
    const reason = (of: typeof whole) =>
      of.events.filter(({ answer, done }) => answer === 0 && done).map((e) => e.reason);
    expect([reason(whole), reason(stopped)]).toEqual([['length'], ['stop-text']]);
    const other = whole.texts[1]!;
    expect(stopped.texts[1]).toBe(other.includes(stop) ? other.slice(0, other.indexOf(stop)) : other);
  });

  it('says other things with a penalty for what was said', async () => {
    const answers = [{ ...BASE, messages: [user('row 1')] }];
    const plain = await generate(engine, { answers, maxTokens: 24 });
    const sampling = { ...GREEDY, repetitionPenalty: 5 };
    const varied = await generate(engine, { answers, maxTokens: 24, sampling });
    const kinds = ({ events }: typeof plain) => new Set(events.map(({ piece }) => piece?.text)).size;
    expect(kinds(varied)).toBeGreaterThan(kinds(plain));
  });

  it('continues a talk of several turns, each column its own', async () => {
    const short = [user('row 1')];
    const long = [user('row 1'), assistant('is 1'), user('row 2')];
    const adapted = { adapterId: trained.result.adapterId, strength: 1 };
    const alone = [
      (await generate(engine, { answers: [{ ...BASE, messages: short }] })).texts[0],
      (await generate(engine, { answers: [{ ...adapted, messages: long }] })).texts[0],
    ];
    const together = await generate(engine, {
      answers: [
        { ...BASE, messages: short },
        { ...adapted, messages: long },
      ],
    });
    expect(together.texts).toEqual(alone);
    const forgetful = await generate(engine, { answers: [{ ...adapted, messages: long.slice(2) }] });
    const likeliest = ({ events }: typeof forgetful) => events[0]!.piece?.likeliest;
    expect(likeliest(forgetful), 'control: what was said before matters').not.toEqual(
      likeliest(await generate(engine, { answers: [{ ...adapted, messages: long }] })),
    );
  });

  it('tells each piece with its probability and the likeliest ones', async () => {
    const { events } = await generate(engine, { answers: [{ ...BASE, messages: [user('row 4')] }] });
    const pieces = events.flatMap(({ piece }) => piece ?? []);
    expect(pieces.length).toBeGreaterThan(2);
    for (const { text, probability, likeliest } of pieces.filter((piece) => !piece.text.includes('\uFFFD'))) {
      expect(likeliest.length).toBe(5);
      if (likeliest[0]!.text === text)
        expect(likeliest[0]!.probability, 'greedy takes the likeliest').toBe(probability);
      expect(likeliest.map((one) => one.probability)).toEqual(
        likeliest.map((one) => one.probability).toSorted((a, b) => b - a),
      );
    }
  });

  it('refuses a prompt that fills the context, and too many answers, in a sentence', async () => {
    const long = { ...BASE, messages: [user('x'.repeat(80))] };
    await expect(generate(engine, { answers: [long] })).rejects.toThrow(/^Cannot answer: found a prompt of \d+ tokens/);
    const nine = Array.from({ length: 9 }, () => ({ ...BASE, messages: [user('row')] }));
    await expect(generate(engine, { answers: nine })).rejects.toThrow(
      'found 9 answers side by side, need 1 to 8; take some out, or ask in two rounds',
    );
  });

  it('lets eight adapters answer in one batch, each at its strength as it would alone, without loading one twice', async () => {
    const { engine, adapters, reads } = memoryEngine();
    await openTiny(engine);
    await openSquares(engine);
    const settings = { ...SETTINGS, epochs: 3, learningRate: 0.05 };
    for (let i = 0; i < 9; i++)
      await engine.run.train(`${i}`, `${i}`, { ...settings, rank: 1 + (i % 4), seed: i }, () => {});
    const ids = [...adapters.keys()];
    expect(ids).toHaveLength(9);
    const messages = [user('row 3')];
    const answers = ids.slice(0, 8).map((adapterId, i) => ({ adapterId, strength: 0.5 + i / 4, messages }));
    const together = await generate(engine, { answers });
    expect(new Set(together.texts).size, 'they say different things').toBeGreaterThan(2);
    expect(reads).toEqual(ids.slice(0, 8));
    for (const [i, answer] of answers.entries()) {
      const alone = await generate(engine, { answers: [answer] });
      expect(alone.texts, `adapter ${i}`).toEqual([together.texts[i]]);
    }
    expect(reads, 'switching reads none of them again').toHaveLength(8);
    // The ninth takes the place of the one that was not used for longest.
    const last = { adapterId: ids[8]!, strength: 1, messages };
    await generate(engine, { answers: [...answers.slice(1), last] });
    expect(reads).toEqual(ids);
    await generate(engine, { answers: [answers[0]!] });
    expect(reads).toEqual([...ids, ids[0]]);
  });

  it('scores held-back rows with base and adapter, as the run did', async () => {
    const rows = await engine.play.heldBackRows(SETTINGS, 10);
    expect(rows).toEqual([
      expect.objectContaining({ prompt: expect.stringContaining('row '), expected: expect.stringMatching(/^is \d+$/) }),
      expect.objectContaining({ isRendered: true }),
    ]);
    const results: { lossSums: readonly number[]; tokens: number; answers: readonly string[] }[] = [];
    const contestants = [BASE, { adapterId: trained.result.adapterId, strength: 1 }];
    const request = { rows, chat: true, contestants, maxTokens: 4, sampling: GREEDY };
    await engine.play.evaluate(request, (result) => results.push(result));
    const mean = (of: number) =>
      results.reduce((sum, { lossSums }) => sum + lossSums[of]!, 0) / results.reduce((n, { tokens }) => n + tokens, 0);
    expect(mean(0)).toBeCloseTo(trained.result.baseValidationLoss!, 4);
    expect(mean(1)).toBeCloseTo(trained.result.validationLoss!, 4);
    const alone = await generate(engine, {
      chat: false,
      maxTokens: 4,
      answers: [{ ...BASE, messages: [user(rows[1]!.prompt)] }],
    });
    expect(results[1]!.answers[0]).toBe(alone.texts[0]);
  });

  it('puts questions of a talk and of an evaluation as the rows of the training put theirs', async () => {
    const prompting = { system: 'row 3', wording: 'row {{n}}' };
    const plain = [{ role: 'system', content: 'row 3' } as const, user('row 2')];
    const ask = { chat: true, maxTokens: 4, answers: [{ ...BASE, messages: plain }] };
    const worded = { ...ask, answers: [{ ...BASE, messages: [user('2')] }] };
    const written = await generate(engine, ask);
    expect((await generate(engine, { ...worded, prompting })).texts).toEqual(written.texts);
    const evaluate = async (prompt: string, how = {}) => {
      const sums: number[] = [];
      const rows = [{ prompt, expected: 'is 2', isRendered: false }];
      const request = { rows, chat: true, contestants: [BASE], maxTokens: 0, sampling: GREEDY, ...how };
      await engine.play.evaluate(request, ({ lossSums }) => sums.push(lossSums[0]!));
      return sums[0]!;
    };
    const asked = await evaluate('2', { prompting });
    expect(asked).toBe(await evaluate('row 2', { prompting: { system: 'row 3' } }));
    expect(asked).not.toBe(await evaluate('row 2'));
  });

  it('ends an evaluation when it is asked to', async () => {
    const rows = Array.from({ length: 40 }, () => ({ prompt: 'row 1', expected: 'is 1', isRendered: false }));
    const seen: number[] = [];
    const request = { rows, chat: true, contestants: [BASE], maxTokens: 4, sampling: GREEDY };
    await engine.play.evaluate(request, ({ row }) => {
      seen.push(row);
      void engine.play.stopGenerating();
    });
    expect(seen.length).toBeLessThan(40);
  });
});
