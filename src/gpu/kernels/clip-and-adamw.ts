// One step of AdamW over the flat buffers of an adapter, after clipping by the global norm: a graph of its own, run after
// the gradients are there. Sums have a fixed order (no atomics), so the same gradients give the same bits.

import { FLAT_ALIGN, type Graph, type Value } from '../graph.ts';
import { grid1d } from '../grid.ts';
import { add } from './add.ts';

export interface AdamWValues {
  /** State (n), n a multiple of 64: the flat parameters, their gradients and both moments. */
  readonly params: Value;
  readonly grads: Value;
  readonly m: Value;
  readonly v: Value;
  /** Input (HYPER_LENGTH) f32, written with `packHyper`. */
  readonly hyper: Value;
  /** Input (2·n/64) f32: learning-rate multiplier and weight decay of each 64 elements. */
  readonly groups: Value;
  /** Output (2) f32: the global norm before clipping; and 1 when a gradient was NaN or infinite, else 0. */
  readonly norm: Value;
}

export interface Hyper {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Which update this is, from 1. */
  readonly step: number;
  /** Largest global norm; 0 = no clipping. */
  readonly clip?: number;
  /** Multiplies every gradient before all else. */
  readonly gradScale?: number;
}

export const HYPER_LENGTH = 10;

/** Parts of flat buffers begin at multiples of so many elements: there `groups` begins a whole binding, too. */
const PART_ALIGN = (FLAT_ALIGN * FLAT_ALIGN) / 2;

/** The hyperparameters as the shaders read them. 1 - beta is computed here: in f32 it would lose five digits. */
export function packHyper({ lr, beta1, beta2, eps, step, clip = 0, gradScale = 1 }: Hyper): Float32Array {
  return Float32Array.of(
    lr,
    beta1,
    beta2,
    eps,
    1 - beta1 ** step,
    1 - beta2 ** step,
    clip,
    gradScale,
    1 - beta1,
    1 - beta2,
  );
}

/**
 * Adds the norm's and the update's ops. When a gradient is NaN or infinite (or their norm exceeds f32), params, m and v
 * stay as they are and norm[1] says so; norm[0] is then the norm of the finite ones.
 */
export function clipAndAdamW(g: Graph, values: AdamWValues): void {
  const { params, grads, m, v, hyper, groups, norm } = values;
  const n = params.shape[0]!;
  const blocks = n / FLAT_ALIGN;
  if (
    !Number.isInteger(blocks) ||
    grads.shape[0] !== n ||
    m.shape[0] !== n ||
    v.shape[0] !== n ||
    groups.shape[0] !== 2 * blocks ||
    hyper.shape[0] !== HYPER_LENGTH
  )
    throw new TypeError(
      `Cannot update: found lengths params ${n}, grads ${grads.shape}, m ${m.shape}, v ${v.shape}, groups ${groups.shape}, hyper ${hyper.shape}; need four equal multiples of ${FLAT_ALIGN}, ${2 * blocks} and ${HYPER_LENGTH}`,
    );
  const WG = 64;
  // Where a binding does not hold them: parts of whole bindings of `groups`, two numbers for 64 elements.
  const step = Math.min(n, Math.floor(g.traits.maxBindingBytes / 4 / PART_ALIGN) * PART_ALIGN);
  const parts = Array.from({ length: Math.ceil(n / step) }, (_, i) => {
    const [first, count] = [i * step, Math.min(step, n - i * step)];
    const part = (value: Value) => (count === n ? value : g.rows(value, first, count));
    const blocksOf = count === n ? groups : g.rows(groups, (2 * first) / FLAT_ALIGN, (2 * count) / FLAT_ALIGN);
    return { n4: count / 4, params: part(params), grads: part(grads), m: part(m), v: part(v), groups: blocksOf };
  });
  // A GPU wants many lanes, and then a second round so that the last one is short. The same on every device: so are the
  // sums, and the memory.
  const rounds = [16384, 128];
  let total: Value | undefined;
  for (const part of parts) {
    let partials: Value | undefined;
    for (const lanes of rounds.map((most) => Math.min(most, parts[0]!.n4))) {
      const sums = g.activation(`sums of ${lanes}`, [2, lanes]);
      const bindings = partials ? { partials, sums } : { grads: part.grads, hyper, sums };
      g.push({
        label: `grad-norm of ${lanes}`,
        shader: { file: partials ? 'sum-partials' : 'sum-squares', overrides: { WG } },
        bindings,
        writes: ['sums'],
        params: partials ? { n: partials.shape[1]!, lanes } : { n4: part.n4, lanes },
        grid: grid1d(lanes, WG),
      });
      partials = sums;
    }
    total = total ? add(g, total, partials!) : partials;
  }
  g.push({
    label: 'grad-norm',
    shader: { file: 'grad-norm' },
    bindings: { partials: total!, norm },
    writes: ['norm'],
    params: { n: total!.shape[1]! },
    grid: [1, 1, 1],
  });
  for (const { n4, ...part } of parts)
    g.push({
      label: 'adamw',
      shader: { file: 'adamw', overrides: { WG } },
      bindings: { params_flat: part.params, grads: part.grads, m: part.m, v: part.v, hyper, groups: part.groups, norm },
      writes: ['params_flat', 'm', 'v'],
      params: { n4 },
      grid: grid1d(n4, WG),
    });
}
