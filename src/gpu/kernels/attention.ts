// Causal self-attention over packed documents, with grouped heads and an optional window: the flash form (Dao et al., 2022).
// No T×T matrix is kept: forward keeps the log of each query's sum, backward computes the weights anew. Keys and values
// are never copied, and no two invocations write one place, so the order of every sum is fixed.

import type { Tape } from '../backward.ts';
import type { Graph, Value } from '../graph.ts';
import type { Traits } from '../traits.ts';
import { add } from './add.ts';
import { hasLanes } from './product-variants.ts';

export interface AttentionOptions {
  readonly heads: number;
  /** K; head h reads the keys of head floor(h / (heads / kvHeads)). */
  readonly kvHeads: number;
  /** D */
  readonly headDim: number;
  readonly scale: number;
  /** How many keys a query sees at most, itself included; all of its document when absent. */
  readonly window?: number;
  /** Scores fall with distance, head by head (shaders/alibi.wgsl). */
  readonly alibi?: boolean;
  readonly label?: string;
}

/** ALIBI of shaders/alibi.wgsl: the largest power of two that is not above the number of heads. */
export function alibiOverrides(heads: number, alibi = false): Record<string, number> {
  return alibi ? { ALIBI: 2 ** Math.floor(Math.log2(heads)) } : {};
}

/** Columns from which a GPU takes 64 at a time; with nine heads that is 144 workgroups. */
const LONG_T = 1024;

/** Packed documents. */
export interface PackedAttention {
  /** (H·D,T) */
  readonly q: Value;
  /** (K·D,T) */
  readonly k: Value;
  readonly v: Value;
  /** (T) u32: where a query's document begins and, the same from the side of a key, ends (Batch in src/data/types.ts). Neither may decrease. */
  readonly segmentStart: Value;
  readonly segmentEnd: Value;
}

/** o (H·D,T): query i sees keys max(segmentStart[i], i - window + 1) … i. Throws TypeError when the shapes do not fit. */
export function attention(
  g: Graph,
  { q, k, v, segmentStart, segmentEnd }: PackedAttention,
  options: AttentionOptions,
): Value {
  const { heads: H, kvHeads: K, headDim: D, scale, window, alibi, label = 'attention' } = options;
  const T = q.shape[1]!;
  checkShapes(label, { q, k, v }, { H, K, D, T });
  const sizes = { D, T4: T / 4, heads_per_kv: H / K, window: Math.min(window ?? T, T), scale: scale * Math.LOG2E };
  const { stem, grid, ...variant } = chooseVariant(g.traits, D, T);
  const shader = { ...variant, overrides: alibiOverrides(H, alibi) };
  const flops = 2 * H * D * T * T;
  const o = g.activation(label, q.shape);
  const stats = g.activation(`${label} statistics`, [2 * H, T]);
  const backward = (tape: Tape) => {
    const dO = tape.gradient(o);
    // Their lower half is filled by the first of the two: delta = Σ_d do·o.
    const withDelta = g.inPlace(stats.name, stats);
    const operands = { q, k, v, d_o: dO, stats: withDelta };
    const params = { H, ...sizes };
    const dq = tape.fresh(q);
    g.push({
      label: `${label} dq`,
      shader: { file: `${stem}-dq`, ...shader },
      bindings: { ...operands, o, segment_start: segmentStart, dq },
      writes: ['dq', 'stats'],
      params,
      grid: grid(H),
      flops: 1.5 * flops,
    });
    tape.accumulate(q, (into) => (into ? add(g, into, dq) : dq));
    if (!k.requiresGrad && !v.requiresGrad) return;
    const [dk, dv] = [tape.fresh(k), tape.fresh(v)];
    g.push({
      label: `${label} dkdv`,
      shader: { file: `${stem}-dkdv`, ...shader },
      bindings: { ...operands, segment_end: segmentEnd, dk, dv },
      writes: ['dk', 'dv'],
      params,
      grid: grid(K),
      flops: 2 * flops,
    });
    tape.accumulate(k, (into) => (into ? add(g, into, dk) : dk));
    tape.accumulate(v, (into) => (into ? add(g, into, dv) : dv));
  };
  g.push({
    label,
    shader: { file: stem, ...shader },
    bindings: { q, k, v, segment_start: segmentStart, o, stats },
    writes: ['o', 'stats'],
    params: sizes,
    grid: grid(H),
    flops,
    backward,
  });
  return o;
}

interface Variant {
  readonly stem: string;
  readonly constants?: Readonly<Record<string, number>>;
  grid(heads: number): readonly [number, number, number];
}

function chooseVariant(traits: Traits, D: number, T: number): Variant {
  const gridOf = (columns: number) => (heads: number) => [Math.ceil(T / columns), heads, 1] as const;
  if (traits.kind === 'gpu') {
    // OWN4·4 columns a workgroup: more of them read less, fewer keep a large GPU busy at short T.
    const OWN4 = T >= LONG_T ? 16 : 8;
    return {
      stem: 'attention-tile',
      constants: { OWN4, CHUNKS: D <= 64 ? 2 : D <= 128 ? 4 : Math.ceil(D / 32) },
      grid: gridOf(4 * OWN4),
    };
  }
  if (!hasLanes(traits)) return { stem: 'attention-columns', grid: gridOf(32) };
  const lanes = traits.subgroupSize === 8 ? 'subgroups' : 'quads';
  return { stem: `attention-${lanes}`, grid: gridOf(4 * traits.subgroupSize) };
}

function checkShapes(
  label: string,
  { q, k, v }: Record<'q' | 'k' | 'v', Value>,
  { H, K, D, T }: Record<'H' | 'K' | 'D' | 'T', number>,
): void {
  const fits = (x: Value, rows: number) => x.shape[0] === rows && x.shape[1] === T;
  if (H % K !== 0 || T % 4 !== 0 || !fits(q, H * D) || !fits(k, K * D) || !fits(v, K * D))
    throw new TypeError(
      `Cannot attend "${label}": found q ${q.shape}, k ${k.shape}, v ${v.shape}, need ${H * D} and ${K * D} rows, T a multiple of 4 and heads a multiple of ${K}`,
    );
}
