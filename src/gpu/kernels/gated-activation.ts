// The gate of a feed-forward: act(gate)·up. SwiGLU with silu (Llama), GeGLU with gelu (Gemma). (Shazeer, 2020)

import { elements, type Graph, type Value } from '../graph.ts';
import { grid1d } from '../grid.ts';
import type { Activation } from './activation.ts';
import { add } from './add.ts';

/** gate, up (F,T) → y (F,T). Its backward overwrites gate and up with their gradients, so nothing else may read them. */
export function gatedActivation(
  g: Graph,
  gate: Value,
  up: Value,
  kind: Activation,
  { label = `gated ${kind}` }: { readonly label?: string } = {},
): Value {
  const n = elements(gate.shape);
  if (elements(up.shape) !== n || n % 4 !== 0)
    throw new TypeError(
      `Cannot gate "${label}": found shapes ${gate.shape} and ${up.shape}, need equal ones with T a multiple of 4`,
    );
  const WG = 64;
  const choice = { parts: { 'activation-part': `activation-${kind}` }, overrides: { WG } };
  const dispatch = { params: { n4: n / 4 }, grid: grid1d(n / 4, WG) };
  const y = g.activation(label, gate.shape);
  g.push({
    label,
    shader: { file: 'gated-activation', ...choice },
    bindings: { gate, up, y },
    writes: ['y'],
    ...dispatch,
    backward: (tape) => {
      const dy = tape.gradient(y);
      const dgate = g.inPlace(`d${gate.name}`, gate);
      const dup = g.inPlace(`d${up.name}`, up);
      g.push({
        label: `${label} backward`,
        shader: { file: 'gated-activation-backward', ...choice },
        bindings: { gate: dgate, up: dup, dy },
        writes: ['gate', 'up'],
        ...dispatch,
      });
      tape.accumulate(gate, (into) => (into === undefined ? dgate : add(g, into, dgate)));
      tape.accumulate(up, (into) => (into === undefined ? dup : add(g, into, dup)));
    },
  });
  return y;
}
