// Attention over packed documents, forward and backward, beside its twin: for the tests of its variants.

import { Graph, type Value } from '../graph.ts';
import { type AttentionSizes, attentionBackwardCpu, attentionCpu } from '../kernels/attention.cpu.ts';
import { attention } from '../kernels/attention.ts';
import type { Traits } from '../traits.ts';
import { type Data, expectClose, gradientsOf, noise, runCase, variable } from './run-kernel.ts';

/** Documents of these lengths side by side, the rest padding columns that are documents of their own. */
export function segments(T: number, lengths: readonly number[]): { start: Uint32Array; end: Uint32Array } {
  const start = Uint32Array.from({ length: T }, (_, t) => t);
  const end = start.map((t) => t + 1);
  let at = 0;
  for (const length of lengths) {
    start.fill(at, at, at + length);
    end.fill(at + length, at, at + length);
    at += length;
  }
  return { start, end };
}

/**
 * Scores are sums of D products of order 1 times scale, weights their exponentials: an error of ε·√D in a score is
 * the same relative error in a weight; then sums of T of them. With a margin of 8.
 */
const tolerance = ({ D, T }: AttentionSizes) => 8 * 2 ** -24 * (Math.sqrt(D) + Math.sqrt(T)) + 2e-6;

export function attentionCase(traits: Traits, sizes: AttentionSizes, lengths: readonly number[], gpuLengths = lengths) {
  const { heads: H, kvHeads: K, D, T } = sizes;
  const g = new Graph(traits);
  const [q, k, v] = [variable(g, 'q', [H * D, T]), variable(g, 'k', [K * D, T]), variable(g, 'v', [K * D, T])];
  const [segmentStart, segmentEnd] = [g.input('segment start', [T], 'u32'), g.input('segment end', [T], 'u32')];
  const o = attention(g, { q, k, v, segmentStart, segmentEnd }, { ...sizes, headDim: D });
  const [dO, dq, dk, dv] = gradientsOf(g, o, q, k, v);
  const [qv, kv, vv, dv0] = [
    noise(H * D * T, 1).map((x) => 3 * x),
    noise(K * D * T, 2),
    noise(K * D * T, 3),
    noise(H * D * T, 4),
  ];
  const onGpu = segments(T, gpuLengths);
  const data = new Map<Value, Data>([
    [q, qv],
    [k, kv],
    [v, vv],
    [dO, dv0],
    [segmentStart, onGpu.start],
    [segmentEnd, onGpu.end],
  ]);
  const { start } = segments(T, lengths);
  const gradients = attentionBackwardCpu(qv, kv, vv, dv0, sizes, start);
  const expected = [attentionCpu(qv, kv, vv, sizes, start), gradients.dq, gradients.dk, gradients.dv];
  return { actual: runCase({ graph: g, data, results: [o, dq!, dk!, dv!] }), expected };
}

export async function checkAttention(
  traits: Traits,
  sizes: AttentionSizes,
  lengths: readonly number[],
  gpuLengths = lengths,
): Promise<void> {
  const { actual, expected } = attentionCase(traits, sizes, lengths, gpuLengths);
  for (const [i, out] of (await actual).entries()) {
    try {
      expectClose(out, expected[i]!, tolerance(sizes), sizes.T);
    } catch (error) {
      throw new Error(
        `${['o', 'dq', 'dk', 'dv'][i]} at ${JSON.stringify(sizes)}, documents ${lengths}: ${(error as Error).message}`,
      );
    }
  }
}
