// Which variant of the product is the fastest on this device, for each class of shapes: measured once, in at most
// CALIBRATION_MS, and kept by whoever can keep it. What a variant computes is the same; how long it takes is not.

import type { Device } from './device.ts';
import { Graph, type Value } from './graph.ts';
import { product } from './kernels/product.ts';
import {
  chooseProduct,
  type ProductShape,
  type ProductVariant,
  productCandidates,
  shapeClass,
} from './kernels/product-variants.ts';
import { padded, planMemory } from './plan.ts';
import { Program, type Slot } from './program.ts';
import type { Traits } from './traits.ts';
import { frozenWeight } from './weight.ts';

/** Compiling included: no person waits longer, and what is left unmeasured is chosen by facts. */
const CALIBRATION_MS = 1500;
/** Another variant than the first has to be this much faster, so that noise does not choose. */
const MARGIN = 0.95;
/** A sample lasts about this long, so that submitting and waiting count little. */
const SAMPLE_MS = 4;
const SAMPLES = 3;

/** One shape a class, those that cost a step the most first. */
const SHAPES: readonly ProductShape[] = [
  { side: 'rows', results: 1536, summed: 576, tokens: 512 },
  { side: 'columns', results: 576, summed: 1536, tokens: 1024 },
  { side: 'rows', results: 1536, summed: 576, tokens: 4, isWide: true },
  { side: 'rows', results: 576, summed: 576, tokens: 256 },
  { side: 'columns', results: 576, summed: 576, tokens: 256 },
  { side: 'rows', results: 8, summed: 576, tokens: 256 },
  { side: 'columns', results: 8, summed: 576, tokens: 256 },
  { side: 'rows', results: 256, summed: 256, tokens: 128 },
  { side: 'columns', results: 256, summed: 256, tokens: 128 },
];

/** The name of the fastest variant by class of shapes; classes without a choice, or without time for it, are left out. */
export async function calibrate(
  device: Device,
  budgetMs = CALIBRATION_MS,
  shapes: readonly ProductShape[] = SHAPES,
): Promise<Record<string, string>> {
  const end = performance.now() + budgetMs;
  const measured: Record<string, string> = {};
  for (const shape of shapes) {
    const candidates = productCandidates(device.traits, shape);
    if (candidates.length < 2) continue;
    const fastest = await race(device, shape, candidates, end);
    if (fastest === undefined) break;
    measured[shapeClass(shape)] = fastest;
  }
  return measured;
}

/** The variant that each class of shapes gets on a device, and whether it had others to choose from. */
export function describeVariants(
  traits: Traits,
): { readonly shapes: string; readonly variant: string; readonly of: number }[] {
  return SHAPES.map((shape) => ({
    shapes: shapeClass(shape),
    variant: chooseProduct(traits, shape).name,
    of: productCandidates(traits, shape).length,
  }));
}

/** Undefined when the time was over first. */
async function race(
  device: Device,
  shape: ProductShape,
  candidates: readonly ProductVariant[],
  end: number,
): Promise<string | undefined> {
  const runners: Runner[] = [];
  try {
    for (const { name } of candidates) {
      if (performance.now() > end) return undefined;
      runners.push(await makeRunner(device, shape, name));
    }
    return await fastestOf(runners, () => performance.now() > end);
  } finally {
    for (const runner of runners) runner.destroy();
  }
}

/** Something that can be timed again and again. */
export interface Timed {
  readonly name: string;
  /** Milliseconds of one pass. */
  sample(): Promise<number>;
}

/**
 * The name of the one whose least sample is the smallest; the first wins unless another is clearly faster. By turns, so that all
 * see the same machine. Undefined when the time is over first.
 */
export async function fastestOf(timed: readonly Timed[], isOver: () => boolean): Promise<string | undefined> {
  const least = timed.map(() => Number.POSITIVE_INFINITY);
  for (let turn = 0; turn < SAMPLES; turn++)
    for (const [i, one] of timed.entries()) {
      if (isOver()) return undefined;
      least[i] = Math.min(least[i]!, await one.sample());
    }
  let best = 0;
  for (let i = 1; i < timed.length; i++) if (least[i]! < least[best]! && least[i]! < MARGIN * least[0]!) best = i;
  return timed[best]?.name;
}

interface Runner extends Timed {
  destroy(): void;
}

/** A product of a q8 weight of zeros by the named variant. */
async function makeRunner(device: Device, shape: ProductShape, name: string): Promise<Runner> {
  const { side, results, summed, tokens } = shape;
  const traits = { ...device.traits, products: { asked: [name] } };
  const g = new Graph(traits);
  const weight =
    side === 'rows' ? frozenWeight(g, 'W', 'q8', results, summed) : frozenWeight(g, 'W', 'q8', summed, results);
  const x = g.input('x', [summed, tokens]);
  const y = g.output('y', [results, tokens]);
  g.push(product({ label: name, weight, side, x, y, epilogue: 'store', scale: 1 }, g));
  const shared = new Map<Value, Slot>();
  for (const value of [weight.codes, weight.scales!]) {
    const size = padded(value);
    shared.set(value, { buffer: await device.allocate(value.name, size, GPUBufferUsage.STORAGE), offset: 0, size });
  }
  const program = await Program.compile(device, planMemory(g, traits), shared);
  const { queue } = device.gpu;
  const time = async (passes: number) => {
    const begin = performance.now();
    for (let i = 0; i < passes; i++) await program.run();
    await device.guard(queue.onSubmittedWorkDone());
    return (performance.now() - begin) / passes;
  };
  let passes = 0;
  return {
    name,
    async sample() {
      if (passes === 0) {
        await time(1);
        passes = Math.max(1, Math.min(64, Math.round(SAMPLE_MS / Math.max(0.05, await time(1)))));
      }
      return await time(passes);
    },
    destroy() {
      program.destroy();
      for (const { buffer } of shared.values()) buffer.destroy();
    },
  };
}
