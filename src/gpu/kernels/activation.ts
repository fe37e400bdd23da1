// The nonlinearity of a feed-forward without a gate.

import { elements, type Graph, type Value } from '../graph.ts';
import { grid1d } from '../grid.ts';
import { add } from './add.ts';

/** By Hugging Face's names: gelu is the exact one (erf), gelu-tanh is gelu_new and gelu_pytorch_tanh. */
export type Activation = 'silu' | 'gelu' | 'gelu-tanh' | 'relu';

/** x (F,T) → y (F,T). Its backward overwrites x with the gradient, so nothing else may read it. */
export function activation(
  g: Graph,
  x: Value,
  kind: Activation,
  { label = kind }: { readonly label?: string } = {},
): Value {
  const n = elements(x.shape);
  if (n % 4 !== 0) throw new TypeError(`Cannot activate "${label}": found shape ${x.shape}, need T a multiple of 4`);
  const WG = 64;
  const choice = { parts: { 'activation-part': `activation-${kind}` }, overrides: { WG } };
  const dispatch = { params: { n4: n / 4 }, grid: grid1d(n / 4, WG) };
  const y = g.activation(label, x.shape);
  g.push({
    label,
    shader: { file: 'activation', ...choice },
    bindings: { x, y },
    writes: ['y'],
    ...dispatch,
    backward: (tape) => {
      const dy = tape.gradient(y);
      const dx = g.inPlace(`d${x.name}`, x);
      g.push({
        label: `${label} backward`,
        shader: { file: 'activation-backward', ...choice },
        bindings: { x: dx, dy },
        writes: ['x'],
        ...dispatch,
      });
      tape.accumulate(x, (into) => (into === undefined ? dx : add(g, into, dx)));
    },
  });
  return y;
}
