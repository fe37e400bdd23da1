// Causal self-attention over packed documents, with grouped heads and an optional window: the flash form (Dao et al., 2022).
// No T×T matrix is kept: forward keeps the log of each query's sum, backward computes the weights anew. Keys and values
// are never copied, and no two invocations write one place, so the order of every sum is fixed.

import type { Graph, Value } from '../graph.ts';
import { add } from './add.ts';

export interface AttentionOptions {
  readonly heads: number;
  /** K; head h reads the keys of head floor(h / (heads / kvHeads)). */
  readonly kvHeads: number;
  /** D */
  readonly headDim: number;
  readonly scale: number;
  /** How many keys a query sees at most, itself included; all of its document when absent. */
  readonly window?: number;
  readonly label?: string;
}

/**
 * q (H·D,T), k, v (K·D,T) → o (H·D,T). Query i sees keys max(segmentStart[i], i - window + 1) … i; segmentEnd says the same
 * from the side of a key (see Batch in src/data/types.ts). Throws TypeError when the shapes do not fit.
 */
export function attention(g: Graph, q: Value, k: Value, v: Value, options: AttentionOptions, segmentStart: Value, segmentEnd: Value): Value {
  const { heads: H, kvHeads: K, headDim: D, scale, window, label = 'attention' } = options;
  const T = q.shape[1]!;
  checkShapes(label, { q, k, v }, { H, K, D, T });
  const T4 = T / 4;
  const sizes = { D, T4, heads_per_kv: H / K, window: Math.min(window ?? T, T), scale: scale * Math.LOG2E };
  const WG = 8;
  const flops = 2 * H * D * T * T;
  const grid = (heads: number): [number, number, number] => [Math.ceil(T4 / WG), heads, 1];
  const o = g.activation(label, q.shape);
  const stats = g.activation(`${label} statistics`, [2 * H, T]);
  g.push({
    label,
    shader: { file: 'attention-columns', overrides: { WG } },
    bindings: { q, k, v, segment_start: segmentStart, o, stats },
    writes: ['o', 'stats'],
    params: sizes,
    grid: grid(H),
    flops,
    backward: (tape) => {
      const dO = tape.gradient(o);
      const withDelta = g.inPlace(stats.name, stats);
      const DELTA_WG = 64;
      g.push({
        label: `${label} delta`,
        shader: { file: 'attention-delta', overrides: { WG: DELTA_WG } },
        bindings: { d_o: dO, o, stats: withDelta },
        writes: ['stats'],
        params: { H, D, T4 },
        grid: [Math.ceil((H * T4) / DELTA_WG), 1, 1],
      });
      const operands = { q, k, v, d_o: dO, stats: withDelta };
      tape.accumulate(q, (into) => {
        const dq = g.activation(`d${q.name}`, q.shape);
        g.push({
          label: `${label} dq`,
          shader: { file: 'attention-columns-dq', overrides: { WG } },
          bindings: { ...operands, segment_start: segmentStart, dq },
          writes: ['dq'],
          params: { H, ...sizes },
          grid: grid(H),
          flops: 1.5 * flops,
        });
        return into ? add(g, into, dq) : dq;
      });
      if (!k.requiresGrad && !v.requiresGrad) return;
      const dk = g.activation(`d${k.name}`, k.shape);
      const dv = g.activation(`d${v.name}`, v.shape);
      g.push({
        label: `${label} dkdv`,
        shader: { file: 'attention-columns-dkdv', overrides: { WG } },
        bindings: { ...operands, segment_end: segmentEnd, dk, dv },
        writes: ['dk', 'dv'],
        params: { H, ...sizes },
        grid: grid(K),
        flops: 2 * flops,
      });
      tape.accumulate(k, (into) => (into ? add(g, into, dk) : dk));
      tape.accumulate(v, (into) => (into ? add(g, into, dv) : dv));
    },
  });
  return o;
}

function checkShapes(label: string, { q, k, v }: Record<'q' | 'k' | 'v', Value>, { H, K, D, T }: Record<'H' | 'K' | 'D' | 'T', number>): void {
  const fits = (x: Value, rows: number) => x.shape[0] === rows && x.shape[1] === T;
  if (H % K !== 0 || T % 4 !== 0 || !fits(q, H * D) || !fits(k, K * D) || !fits(v, K * D))
    throw new TypeError(
      `Cannot attend "${label}": found q ${q.shape}, k ${k.shape}, v ${v.shape}, need ${H * D} and ${K * D} rows, T a multiple of 4 and heads a multiple of ${K}`,
    );
}
