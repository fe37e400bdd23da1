// What times of single kernels are held against: the device's multiply-adds by two loops, and its reads, with the same
// harness as the kernels and by turns with them (measure.ts has the same for a user's device).

import type { Device } from '../device.ts';
import { Graph } from '../graph.ts';
import type { Traits } from '../traits.ts';
import { type Case, type Loaded, loadCase, type Timing } from './time-by-turns.ts';

export interface Yardsticks {
  /** In the order of `rates`' argument. */
  readonly loaded: readonly Loaded[];
  /** Work per millisecond, from what `loaded` took in the same turns as a kernel. */
  rates(timings: readonly Timing[]): Rates;
}

/** FLOP or bytes a millisecond. */
export interface Rates {
  /** Eight chains of four links a turn: `measureFma`. */
  readonly unrolled: Timing;
  /** One link a turn of eight or sixteen chains, whichever is faster: `measurePlainFma`. */
  readonly plain: Timing;
  readonly reading: Timing;
}

export async function loadYardsticks(device: Device): Promise<Yardsticks> {
  const { traits } = device;
  const cases = [chains(traits, 8, 4), chains(traits, 8, 1), chains(traits, 16, 1), reading(traits)];
  const loaded: Loaded[] = [];
  for (const c of cases) loaded.push(await loadCase(device, c));
  const work = cases.map((c) => c.work);
  return {
    loaded,
    rates: (timings) => {
      const [unrolled, eight, sixteen, read] = timings.map(({ wall, processor }, i) => ({
        wall: work[i]! / wall,
        processor: work[i]! / processor,
      })) as [Timing, Timing, Timing, Timing];
      const plain = {
        wall: Math.max(eight.wall, sixteen.wall),
        processor: Math.max(eight.processor, sixteen.processor),
      };
      return { unrolled, plain, reading: read };
    },
  };
}

interface Yardstick extends Case {
  /** FLOP or bytes of a pass. */
  readonly work: number;
}

function chains(traits: Traits, CHAINS: 8 | 16, LINKS: 1 | 4): Yardstick {
  const graph = new Graph(traits);
  const isCpu = traits.kind === 'cpu';
  const [invocations, WG, most] = isCpu ? [4096, 8, 512] : [1 << 18, 64, 256];
  const turns = (most * 32) / (CHAINS * LINKS);
  const out = graph.activation('fma', [4 * invocations]);
  graph.push({
    label: 'fma rate',
    shader: { file: 'fma-rate', constants: { CHAINS, LINKS }, overrides: { WG } },
    bindings: { out },
    writes: ['out'],
    params: { turns, factor: 0.999, term: 0.001 },
    grid: [invocations / WG, 1, 1],
  });
  const work = 8 * CHAINS * LINKS * invocations * turns;
  return { name: `fma ${CHAINS} ${LINKS}`, graph, data: new Map(), result: out, work };
}

function reading(traits: Traits): Yardstick {
  const graph = new Graph(traits);
  const isCpu = traits.kind === 'cpu';
  const [threads, WG, n4] = isCpu ? [512, 8, 1 << 22] : [1 << 16, 64, 1 << 22];
  const x = graph.input('x', [4 * n4]);
  const y = graph.activation('read', [threads]);
  graph.push({
    label: 'read rate',
    shader: { file: 'read-rate', overrides: { WG } },
    bindings: { x, y },
    writes: ['y'],
    params: { n4, threads },
    grid: [threads / WG, 1, 1],
  });
  return { name: 'reading', graph, data: new Map(), result: y, work: 16 * n4 };
}
