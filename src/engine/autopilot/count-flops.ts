import type { Graph } from '../../gpu/graph.ts';

/** Arithmetic of one pass over a graph; chunks of the head that `supervised` positions do not reach are left out. */
export function countFlops({ ops }: Graph, supervised: number): number {
  return ops.reduce(
    (sum, { flops, onlyIf }) => (onlyIf === undefined || supervised > onlyIf.above ? sum + flops : sum),
    0,
  );
}
