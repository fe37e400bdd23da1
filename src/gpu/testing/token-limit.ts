// What decoding a token over int8 cannot do without, step by step, and the time that each step adds: first loads and arithmetic
// alone by matmul-limit.wgsl, then the engine's own products and attention in the fewest dispatches that their order allows, with no
// norms, activations, residuals or adapters. Started by tools/bench-matmul.mjs --token.

import type { Device } from '../device.ts';
import { Graph, type Value } from '../graph.ts';
import { attentionCached } from '../kernels/attention-cached.ts';
import { NO_ROW } from '../kernels/cache-append.ts';
import { columnsAsRows } from '../kernels/columns-as-rows.ts';
import { lowRankLinears } from '../kernels/low-rank-linears.ts';
import { matmul } from '../kernels/matmul.ts';
import { zero } from '../kernels/zero.ts';
import type { Program } from '../program.ts';
import type { Traits } from '../traits.ts';
import { adjoinedWeights, frozenWeight } from '../weight.ts';
import { passLimit, WORKS } from './matmul-limit.ts';
import { openDevice } from './open-device.ts';
import type { Data } from './run-kernel.ts';
import { type Case, loadCase, type Run, samplesByTurns, shorter, type Timing, timed } from './time-by-turns.ts';
import { loadYardsticks } from './yardsticks.ts';

/** A model of gated blocks. */
export interface ModelSizes {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly vocab: number;
}

interface Step {
  readonly name: string;
  readonly dispatches: number;
  readonly run: Run;
  destroy(): void;
}

const STORAGE = 'int8-row';
const T = 4;
/** Positions that a cache holds. */
const CAPACITY = 128;
const SAMPLES = 15;

/** Prints the table. `position`: of the token; `dispatches`: of the engine's own pass. */
export async function benchTokenLimit(
  sizes: ModelSizes,
  { position, dispatches }: { readonly position: number; readonly dispatches: number },
): Promise<void> {
  const device = await openDevice();
  const yardsticks = await loadYardsticks(device);
  const steps = await tokenSteps(device, sizes, position, dispatches);
  const samples = await samplesByTurns(
    [...steps, ...yardsticks.loaded].map(({ run }) => run),
    SAMPLES,
  );
  const best = samples.map((all) => all.reduce(shorter));
  const { reading } = yardsticks.rates(best.slice(steps.length));
  const bytes = matricesOf(sizes).reduce((n, [O, C]) => n + O * C, 0);
  console.info(
    `\n${'a token at least'.padEnd(NAME)} dispatches  clock ms    adds  median  of reading  processor ms    adds`,
  );
  for (const [i, { name, dispatches: count }] of steps.entries()) {
    const added = (by: keyof Timing) => (best[i]![by] - (best[i - 1]?.[by] ?? 0)).toFixed(1).padStart(7);
    const medianMs = samples[i]!.map(({ wall }) => wall).sort((a, b) => a - b)[SAMPLES >> 1]!;
    console.info(
      name.padEnd(NAME),
      String(count).padStart(10),
      best[i]!.wall.toFixed(1).padStart(9),
      added('wall'),
      medianMs.toFixed(1).padStart(7),
      `${((100 * bytes) / best[i]!.wall / reading.wall).toFixed(0)} %`.padStart(11),
      best[i]!.processor.toFixed(1).padStart(13),
      added('processor'),
    );
  }
  console.info(
    `${(bytes / 1e6).toFixed(1)} MB of codes; half of the read rate of ${(reading.wall / 1e6).toFixed(1)} GB/s allows ${((2 * bytes) / reading.wall).toFixed(1)} ms`,
  );
  for (const { destroy } of [...steps, ...yardsticks.loaded]) destroy();
}

const NAME = 46;

/** Of a pass, in order. */
function matricesOf({
  layers,
  hidden,
  heads,
  kvHeads,
  headDim,
  ffn,
  vocab,
}: ModelSizes): (readonly [number, number])[] {
  const block = [
    [(heads + 2 * kvHeads) * headDim, hidden],
    [hidden, heads * headDim],
    [2 * ffn, hidden],
    [hidden, ffn],
  ] as const;
  return [...Array.from({ length: layers }, () => block).flat(), [vocab, hidden]];
}

/** Each does what the one before does, and more. */
async function tokenSteps(device: Device, sizes: ModelSizes, position: number, dispatches: number): Promise<Step[]> {
  const steps: Step[] = [];
  for (const work of WORKS) {
    const { products, run, destroy } = await passLimit(device, matricesOf(sizes), work);
    steps.push({ name: `codes ${work.name}`, dispatches: products, run, destroy });
  }
  const add = async (name: string, content: Content) => {
    const c = tokenCase(device.traits, sizes, position, content);
    const { program, destroy } = await loadCase(device, c);
    const run = content.isRead ? readEach(program, c.result) : unread(device, program);
    steps.push({ name, dispatches: program.dispatchCount, run, destroy });
  };
  await add('x loaded, lanes summed: products of the engine', { attends: false, isRead: false, dispatches: 0 });
  await add('its attention, with rope and cache', { attends: true, isRead: false, dispatches: 0 });
  await add('logits read before the next token begins', { attends: true, isRead: true, dispatches: 0 });
  await add('as many dispatches, the rest of them empty', { attends: true, isRead: true, dispatches });
  return steps;
}

interface Content {
  readonly attends: boolean;
  /** The host reads the logits of each token, put in one piece for it. */
  readonly isRead: boolean;
  /** In all, at least. */
  readonly dispatches: number;
}

/** One column; weights are 0, which take as long as others. */
function tokenCase(
  traits: Traits,
  { layers, hidden, heads, kvHeads, headDim, ffn, vocab }: ModelSizes,
  position: number,
  { attends, isRead, dispatches }: Content,
): Case {
  const g = new Graph(traits);
  g.isOneColumn = true;
  const linears = (x: Value, ...rows: readonly number[]) => {
    const names = rows.map((_, i) => `w${g.ops.length}.${i}`);
    const weights = adjoinedWeights(g, names, STORAGE, rows, x.shape[0]!);
    return lowRankLinears(
      g,
      { x },
      weights.map((weight) => ({ weight, label: weight.name })),
    );
  };
  const [rowOf, positions] = [g.input('row of', [T], 'u32'), g.input('positions', [T], 'u32')];
  const turns = g.frozen('turns', [headDim / 2, CAPACITY, 2]);
  const input = g.input('x', [hidden, T]);
  let x = input;
  for (let layer = 0; layer < layers; layer++) {
    const [q, k, v] = linears(x, heads * headDim, kvHeads * headDim, kvHeads * headDim) as [Value, Value, Value];
    const cache = (name: string) => g.state(`${name} ${layer}`, [kvHeads * headDim, CAPACITY]);
    const tokens = { q, caches: { k: cache('keys'), v: cache('values') }, rowOf, positions };
    const shape = { heads, kvHeads, headDim, scale: headDim ** -0.5 };
    const o = attends ? attentionCached(g, { ...tokens, added: { k, v, turns, isOnePerRow: true } }, shape) : q;
    const [y] = linears(o, hidden) as [Value];
    const [gate] = linears(y, ffn, ffn) as [Value, Value];
    x = (linears(gate, hidden) as [Value])[0];
  }
  const logits = matmul(g, frozenWeight(g, 'head', STORAGE, vocab, hidden), x);
  const result = isRead ? columnsAsRows(g, logits, 1) : logits;
  spread(g, dispatches - g.ops.length);
  const data = new Map<Value, Data>([
    [input, new Float32Array(hidden * T)],
    [rowOf, Uint32Array.of(0, NO_ROW, NO_ROW, NO_ROW)],
    [positions, Uint32Array.of(position, 0, 0, 0)],
  ]);
  return { name: 'token', graph: g, data, result };
}

/** So many dispatches of next to nothing between those of `g`. */
function spread(g: Graph, count: number): void {
  const own = g.ops.length;
  for (let i = 0; i < count; i++) zero(g, g.activation(`nothing ${i}`, [4]));
  const others = g.ops.splice(own);
  for (let i = count - 1; i >= 0; i--) g.ops.splice(Math.floor((i * own) / count), 0, others[i]!);
}

/** Passes one after the other, each encoded while the device is at the one before, as the engine does. */
function unread(device: Device, program: Program): Run {
  const submit = submitted(program);
  return timed(
    async () => submit(),
    () => device.guard(device.gpu.queue.onSubmittedWorkDone()),
  );
}

function readEach(program: Program, result: Value): Run {
  const submit = submitted(program);
  const once = () => {
    submit();
    return program.read(result);
  };
  return timed(once, async () => {});
}

function submitted(program: Program): () => void {
  let encoded = program.encode();
  return () => {
    program.submit(encoded);
    encoded = program.encode();
  };
}
