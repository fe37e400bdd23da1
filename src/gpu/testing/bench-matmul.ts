// Times every variant of the products and prints a table; started by tools/bench-matmul.mjs.
// A share is that of the multiply-add rate measured with the same harness by turns. On a software adapter it is taken
// of processor time as well, which other programs on the machine disturb less than the clock on the wall.

import type { Device } from '../device.ts';
import { Graph, type Value } from '../graph.ts';
import { matmul } from '../kernels/matmul.ts';
import { matmulBackward } from '../kernels/matmul-backward.ts';
import { outerProduct } from '../kernels/outer-product.ts';
import { PRODUCT_VARIANTS } from '../kernels/product-variants.ts';
import { planMemory } from '../plan.ts';
import { Program, type Slot } from '../program.ts';
import type { Traits } from '../traits.ts';
import { openDevice } from './open-device.ts';
import { type Data, noise } from './run-kernel.ts';
import { STORAGES, testFactor, testWeight } from './weights.ts';

/** Milliseconds of one pass. */
interface Timing {
  readonly wall: number;
  /** Of all threads together. */
  readonly processor: number;
}

/** Runs n passes and reads the result once. */
type Run = (n: number) => Promise<Timing>;

interface Case {
  readonly name: string;
  readonly graph: Graph;
  readonly data: ReadonlyMap<Value, Data>;
  readonly result: Value;
}

/** Each sample lasts about this long; the best of SAMPLES counts. */
const SAMPLE_MS = 40;
const SAMPLES = 8;

export async function benchMatmul(
  shapes: readonly (readonly [T: number, O: number, C: number])[],
  only = '',
): Promise<void> {
  const device = await openDevice();
  const fma = await load(device, fmaCase(device.traits));
  for (const [T, O, C] of shapes) {
    console.info(`\nT=${T} O=${O} C=${C}${' '.repeat(24)}wall ms   GFLOP/s  share    processor ms  share`);
    for (const c of cases(device.traits, T, O, C)) {
      if (!c.name.startsWith(only)) continue;
      const loaded = await load(device, c);
      const [ms, rate] = await bestOfBoth(loaded.run, fma.run);
      const flops = c.graph.ops.reduce((n, op) => n + op.flops, 0);
      const share = (of: keyof Timing) =>
        `${((100 * flops * rate[of]) / (fma.flops * ms[of])).toFixed(0)} %`.padStart(6);
      console.info(
        c.name.padEnd(44),
        ms.wall.toFixed(3).padStart(7),
        (flops / ms.wall / 1e6).toFixed(1).padStart(9),
        share('wall'),
        ms.processor.toFixed(3).padStart(13),
        share('processor'),
      );
      loaded.destroy();
    }
  }
  fma.destroy();
}

function* cases(traits: Traits, T: number, O: number, C: number): Generator<Case> {
  const sides = [
    { side: 'rows', results: O, summed: C, tokens: T, isWide: C % 16 === 0 },
    { side: 'columns', results: C, summed: O, tokens: T },
  ] as const;
  for (const name of [undefined, ...PRODUCT_VARIANTS.map((v) => v.name)]) {
    const runs = PRODUCT_VARIANTS.find((v) => v.name === name)?.canRun ?? (() => true);
    const variant = name === undefined ? traits : { ...traits, products: { asked: [name] } };
    for (const storage of STORAGES) {
      if (name !== undefined && storage !== 'q8') continue;
      const forward = new Graph(variant);
      const w = testWeight(forward, storage, O, C);
      const x = forward.input('x', [C, T]);
      const y = matmul(forward, w.weight, x);
      if (runs(traits, sides[0]))
        yield {
          name: `${storage} forward${name ? `, ${name}` : ''}`,
          graph: forward,
          data: new Map([...w.data, [x, noise(C * T, 2)]]),
          result: y,
        };
      const backward = new Graph(variant);
      const v = testWeight(backward, storage, O, C);
      const dy = backward.input('dy', [O, T]);
      const dx = matmulBackward(backward, v.weight, dy);
      if (runs(traits, sides[1]))
        yield {
          name: `${storage} backward${name ? `, ${name}` : ''}`,
          graph: backward,
          data: new Map([...v.data, [dy, noise(O * T, 2)]]),
          result: dx,
        };
    }
  }
  const R = 8;
  const down = new Graph(traits);
  const a = testFactor(down, 'a', R, C);
  const x = down.input('x', [C, T]);
  const u = matmul(down, a.weight, x);
  yield { name: `low rank A·x, R=${R}`, graph: down, data: new Map([...a.data, [x, noise(C * T, 2)]]), result: u };
  const outer = new Graph(traits);
  const dB = outer.gradientOf(outer.trainable('b', [O, R]));
  const dy = outer.input('dy', [O, T]);
  const du = outer.input('u', [R, T]);
  outerProduct(outer, dy, du, dB);
  yield {
    name: `low rank dB, R=${R}`,
    graph: outer,
    data: new Map([
      [dy, noise(O * T, 2)],
      [du, noise(R * T, 3)],
    ]),
    result: dB,
  };
  const decode = new Graph(traits);
  const w = testWeight(decode, 'q8', O, C);
  const one = decode.input('x', [C, 4]);
  yield {
    name: 'q8 forward of 4 tokens',
    graph: decode,
    data: new Map([...w.data, [one, noise(C * 4, 2)]]),
    result: matmul(decode, w.weight, one),
  };
}

function fmaCase(traits: Traits): Case {
  const graph = new Graph(traits);
  const isCpu = traits.kind === 'cpu';
  const [invocations, WG, turns] = isCpu ? [4096, 8, 512] : [1 << 18, 64, 256];
  const out = graph.activation('fma', [4 * invocations]);
  graph.push({
    label: 'fma rate',
    shader: { file: 'fma-rate', constants: { CHAINS: 8, LINKS: 4 }, overrides: { WG } },
    bindings: { out },
    writes: ['out'],
    params: { turns, factor: 0.999, term: 0.001 },
    grid: [invocations / WG, 1, 1],
    flops: 256 * invocations * turns,
  });
  return { name: 'fma', graph, data: new Map(), result: out };
}

async function load(
  device: Device,
  { graph, data, result }: Case,
): Promise<{ run: Run; flops: number; destroy: () => void }> {
  graph.keep(result);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffers: GPUBuffer[] = [];
  const make = async (bytes: number) => {
    const buffer = await device.allocate('bench', Math.max(256, bytes), usage);
    buffers.push(buffer);
    return buffer;
  };
  const shared = new Map<Value, Slot>();
  for (const v of graph.values) {
    const size = 4 * v.shape.reduce((p, n) => p * n, 1);
    if (v.role === 'frozen') shared.set(v, { buffer: await make(size), offset: 0, size });
  }
  const flat = { params: await make(4 * graph.flatLength), grads: await make(4 * graph.flatLength) };
  const program = await Program.compile(device, planMemory(graph, device.traits), shared, { flat });
  for (const [value, d] of data) program.write(value, d);
  const run: Run = async (n) => {
    const begin = performance.now();
    const used = process.cpuUsage();
    for (let i = 0; i < n; i++) await program.run();
    await program.read(result);
    const { user, system } = process.cpuUsage(used);
    return { wall: (performance.now() - begin) / n, processor: (user + system) / 1000 / n };
  };
  const destroy = () => {
    program.destroy();
    for (const b of buffers) b.destroy();
  };
  return { run, flops: graph.ops.reduce((n, op) => n + op.flops, 0), destroy };
}

/** The shortest of each, measured by turns, so that both see the same machine. */
async function bestOfBoth(a: Run, b: Run): Promise<[Timing, Timing]> {
  const counts: number[] = [];
  for (const run of [a, b]) {
    await run(1);
    counts.push(Math.max(1, Math.round(SAMPLE_MS / (await run(1)).wall)));
  }
  let [least, other] = [await a(counts[0]!), await b(counts[1]!)];
  for (let i = 1; i < SAMPLES; i++) {
    least = shorter(least, await a(counts[0]!));
    other = shorter(other, await b(counts[1]!));
  }
  return [least, other];
}

const shorter = (a: Timing, b: Timing): Timing => ({
  wall: Math.min(a.wall, b.wall),
  processor: Math.min(a.processor, b.processor),
});
