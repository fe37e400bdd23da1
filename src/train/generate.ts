// Continues prompts token by token with a KV cache: a chunked prefill and a decoding pass, which share the caches and
// the frozen weights that training uses. Several answers run side by side in one batch; each has its own adapter (or
// none) and its own strength.

import { fuseColumns } from '../gpu/fuse-columns.ts';
import { Graph, type Value } from '../gpu/graph.ts';
import { columnsAsRows } from '../gpu/kernels/columns-as-rows.ts';
import { planMemory } from '../gpu/plan.ts';
import { type Profile, Program, type Shared, type Slot } from '../gpu/program.ts';
import { type AttachedAdapter, attachFrozen } from '../lora/attach-frozen.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import { virtualIds } from '../lora/methods/prompt-tuning.ts';
import type { BaseModel } from '../model/base-model.ts';
import { type CachedInputs, cachedInputs } from '../model/model-inputs.ts';
import { judge, type Likelihood } from './likelihood.ts';
import { makeSampler, needsSeen, type SamplingSettings } from './sample.ts';
import { promptLength } from './soft-prompt.ts';

/** One of the answers that are made side by side. */
export interface Answer {
  readonly adapter: FlatAdapter | undefined;
  /** 1 = as trained. */
  readonly strength: number;
}

export interface GenerateOptions extends SamplingSettings {
  readonly maxTokens: number;
  /** Ids that end an answer; empty to go on regardless. */
  readonly stopIds: readonly number[];
  /** Called after each token: whether its answer is over because of its text. */
  isOver?(answer: number): boolean;
  /** How many of the likeliest tokens to report with each one; 0 when absent. */
  readonly likeliest?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A new token of one answer; `id` undefined when the answer has ended. */
export interface TokenEvent {
  readonly answer: number;
  readonly id: number | undefined;
  /** Of `id`; 0 when there is none. */
  readonly probability: number;
  /** The likeliest tokens there, best first; empty unless asked for. */
  readonly likeliest: readonly Likelihood[];
  readonly reason: 'end-of-turn' | 'stop-text' | 'length' | 'stopped' | undefined;
}

const NO_TOKEN = { id: undefined, probability: 0, likeliest: [] } as const;
const NO_ROW = 0xffffffff;
/** Columns of a prefill pass. */
const PREFILL_COLUMNS = 32;
/** KV caches grow in steps of this many tokens, so that a chat does not recompile at every message. */
const CAPACITY_STEP = 128;

interface Pass {
  readonly program: Program;
  readonly inputs: CachedInputs;
  readonly attached: readonly AttachedAdapter[];
  readonly columns: number;
  /** (answers,V), decoding only. */
  readonly logits: Value | undefined;
}

export class Generator {
  /** The next decoding pass, made while the device was busy with the one before. */
  private encoded: readonly GPUCommandBuffer[] | undefined;

  private constructor(
    private readonly model: BaseModel,
    private readonly answers: readonly Answer[],
    /** Virtual tokens before each answer's own. */
    private readonly before: readonly number[],
    private readonly adapters: readonly FlatAdapter[],
    readonly capacity: number,
    private readonly prefill: Pass,
    private readonly decode: Pass,
    private readonly caches: readonly GPUBuffer[],
  ) {}

  /** `tokens`: prompt and answer together, at most; rounded up. */
  static async create(model: BaseModel, answers: readonly Answer[], tokens: number): Promise<Generator> {
    const adapters = [...new Set(answers.map((a) => a.adapter).filter((a) => a !== undefined))];
    const before = answers.map(({ adapter, strength }) => promptLength(adapter, strength));
    const most = tokens + Math.max(0, ...before);
    model.checkTokens(most);
    for (const adapter of adapters) await adapter.measure(model);
    const capacity = Math.ceil(most / CAPACITY_STEP) * CAPACITY_STEP;
    const caches = new Map<string, Slot>();
    const rows = answers.length;
    const both = { adapters, rows, capacity, caches };
    const prefill = await makePass(model, { ...both, columns: PREFILL_COLUMNS, wantsLogits: false });
    const decode = await makePass(model, { ...both, columns: 4 * Math.ceil(rows / 4), wantsLogits: true });
    return new Generator(
      model,
      answers,
      before,
      adapters,
      capacity,
      prefill,
      decode,
      [...caches.values()].map((s) => s.buffer),
    );
  }

  /** Yields tokens of all answers as they come. All of them continue one prompt (ids, at least one), or each its own. */
  async *run(
    prompt: readonly number[] | readonly (readonly number[])[],
    options: GenerateOptions,
  ): AsyncGenerator<TokenEvent> {
    const prompts = this.promptsOf(prompt);
    const sampler = makeSampler(options);
    const seen = needsSeen(options) ? prompts.map((ids) => new Set(ids)) : undefined;
    for (const [row, { length }] of prompts.entries()) this.checkRoom(row, length, options.maxTokens);
    await this.fillCaches(prompts);
    const last = prompts.map((ids) => ids.at(-1)!);
    const live = new Set(this.answers.keys());
    /** The pass of every living answer's n-th token. */
    const begin = (n: number) => {
      const step = this.decodeStep(
        [...live].map((row) => ({ row, id: last[row]!, position: this.before[row]! + prompts[row]!.length - 1 + n })),
      );
      // A fault that comes while nobody waits is heard by who waits next.
      step.catch(() => {});
      return step;
    };
    let step = begin(0);
    try {
      for (let n = 0; n < options.maxTokens && live.size > 0; n++) {
        if (options.signal?.aborted) break;
        const logits = await step;
        const chosen = [...live].map((row) => ({ row, id: sampler(logits[row]!, row, n, seen?.[row]) }));
        for (const { row, id } of chosen) {
          if (options.stopIds.includes(id)) live.delete(row);
          last[row] = id;
          seen?.[row]?.add(id);
        }
        // The device makes the next tokens while these are judged and shown.
        if (live.size > 0 && n + 1 < options.maxTokens) step = begin(n + 1);
        for (const { row, id } of chosen) {
          if (!live.has(row)) {
            yield { ...NO_TOKEN, answer: row, reason: 'end-of-turn' };
            continue;
          }
          yield { answer: row, id, ...judge(logits[row]!, id, options.likeliest ?? 0), reason: undefined };
          if (!options.isOver?.(row)) continue;
          live.delete(row);
          yield { ...NO_TOKEN, answer: row, reason: 'stop-text' };
        }
      }
    } finally {
      await step.catch(() => {});
    }
    for (const answer of live) yield { ...NO_TOKEN, answer, reason: options.signal?.aborted ? 'stopped' : 'length' };
  }

  /** For each answer, the next token after `prompt` (ids, at least one): how likely `id` is, and the `count` likeliest. */
  async judgeNext(prompt: readonly number[], id: number, count: number): Promise<readonly ReturnType<typeof judge>[]> {
    for (const row of this.answers.keys()) this.checkRoom(row, prompt.length, 1);
    await this.fillCaches(this.promptsOf(prompt));
    const columns = this.before.map((n, row) => ({ row, id: prompt.at(-1)!, position: n + prompt.length - 1 }));
    const logits = await this.decodeStep(columns);
    return this.answers.map((_, row) => judge(logits[row]!, id, count));
  }

  /** Time of a decoding pass by kernel, as its inputs were last written. */
  profile(): Promise<Profile> {
    return this.decode.program.profile();
  }

  /** Of a decoding pass. */
  get dispatchCount(): number {
    return this.decode.program.dispatchCount;
  }

  get dispatchesPerBlock(): number {
    return this.decode.program.dispatchesPerBlock;
  }

  destroy(): void {
    this.prefill.program.destroy();
    this.decode.program.destroy();
    for (const cache of this.caches) cache.destroy();
  }

  private promptsOf(prompt: readonly number[] | readonly (readonly number[])[]): readonly (readonly number[])[] {
    const isShared = prompt.length === 0 || typeof prompt[0] === 'number';
    const prompts = isShared
      ? this.answers.map(() => prompt as readonly number[])
      : (prompt as readonly (readonly number[])[]);
    if (prompts.length !== this.answers.length)
      throw new RangeError(`Cannot generate: found ${prompts.length} prompts, need ${this.answers.length}`);
    return prompts;
  }

  private checkRoom(row: number, own: number, newTokens: number): void {
    if (own === 0) throw new RangeError('Cannot generate: found an empty prompt, need at least one token');
    const promptTokens = this.before[row]! + own;
    this.model.checkTokens(promptTokens + newTokens);
    if (promptTokens + newTokens > this.capacity)
      throw new RangeError(
        `Cannot generate: found ${promptTokens} prompt tokens and ${newTokens} new ones, need at most ${this.capacity}`,
      );
  }

  /** Everything of the prompts but their last tokens, which the first decoding step takes. */
  private async fillCaches(prompts: readonly (readonly number[])[]): Promise<void> {
    const columns = prompts.flatMap((own, row) => {
      const { adapter } = this.answers[row]!;
      const virtual = this.before[row]! > 0 ? virtualIds(adapter!.shape.prompt!) : [];
      return [...virtual, ...own.slice(0, -1)].map((id, position) => ({ row, id, position }));
    });
    for (let begin = 0; begin < columns.length; begin += PREFILL_COLUMNS) {
      this.writeColumns(this.prefill, columns.slice(begin, begin + PREFILL_COLUMNS));
      await this.prefill.program.run();
    }
  }

  /** Logits (V) of each row that took part. */
  private async decodeStep(columns: readonly Column[]): Promise<Record<number, Float32Array>> {
    this.writeColumns(this.decode, columns);
    const { program } = this.decode;
    program.submit(this.encoded ?? program.encode());
    this.encoded = program.encode();
    const [all] = await program.read(this.decode.logits!);
    const [, vocab] = this.decode.logits!.shape as [number, number];
    const logits: Record<number, Float32Array> = {};
    for (const [i, { row }] of columns.entries()) logits[row] = all!.subarray(i * vocab, (i + 1) * vocab);
    return logits;
  }

  private writeColumns({ program, inputs, attached, columns }: Pass, used: readonly Column[]): void {
    const ids = new Uint32Array(columns);
    const positions = new Uint32Array(columns);
    const rowOf = new Uint32Array(columns).fill(NO_ROW);
    for (const [i, column] of used.entries()) {
      ids[i] = column.id;
      positions[i] = column.position;
      rowOf[i] = column.row;
    }
    program.write(inputs.ids, ids);
    program.write(inputs.positions, positions);
    program.write(inputs.rowOf, rowOf);
    for (const [i, adapter] of this.adapters.entries()) {
      const strength = new Float32Array(columns);
      for (const [c, column] of used.entries()) {
        const answer = this.answers[column.row]!;
        if (answer.adapter === adapter) strength[c] = answer.strength;
      }
      program.write(attached[i]!.strength, strength);
    }
  }
}

interface Column {
  readonly row: number;
  readonly id: number;
  readonly position: number;
}

interface PassAsk {
  readonly adapters: readonly FlatAdapter[];
  /** Answers. */
  readonly rows: number;
  /** Positions that a row of the caches holds. */
  readonly capacity: number;
  /** Tokens at once. */
  readonly columns: number;
  readonly wantsLogits: boolean;
  readonly caches: Map<string, Slot>;
}

/** Compiles one of the two passes; the first creates the caches, the second reuses them. */
async function makePass(
  model: BaseModel,
  { adapters, rows, capacity, columns, wantsLogits, caches }: PassAsk,
): Promise<Pass> {
  const g = new Graph(model.device.traits);
  g.isOneColumn = wantsLogits && rows === 1;
  const inputs = cachedInputs(g, columns, { rows, capacity, isOnePerRow: wantsLogits });
  const { adapt, attached } = attachFrozen(g, adapters, columns, model.parts.head);
  const positions = Math.min(capacity, model.config.maxTokens ?? capacity);
  const { hidden, head } = model.build(g, inputs, positions, adapt);
  const logits = wantsLogits ? g.keep(columnsAsRows(g, head(hidden), rows)) : undefined;
  fuseColumns(g);
  const extra = new Map(attached.flatMap((a) => [...a.slots]));
  const shared: Map<Value, Slot> = new Map(await model.bind(g, positions, extra));
  for (const value of g.values) {
    if (value.role !== 'state') continue;
    let slot = caches.get(value.name);
    if (slot === undefined) {
      const size = 4 * value.shape.reduce((a, b) => a * b, 1);
      slot = { buffer: await model.device.allocate(value.name, size, GPUBufferUsage.STORAGE), offset: 0, size };
      caches.set(value.name, slot);
    }
    shared.set(value, slot);
  }
  const program = await Program.compile(model.device, planMemory(g, model.device.traits), shared satisfies Shared);
  return { program, inputs, attached, columns, logits };
}
