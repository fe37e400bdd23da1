// z = x - y, element by element: what dropout has taken from x.

import { elements, type Graph, type Value } from '../graph.ts';
import { grid1d } from '../grid.ts';
import { add } from './add.ts';
import { zero } from './zero.ts';

/** x, y of equal shape (…,T) → z. */
export function subtract(g: Graph, x: Value, y: Value): Value {
  const z = g.activation(`${x.name} - ${y.name}`, x.shape);
  const emit = (label: string, bindings: { readonly x: Value; readonly y: Value; readonly z: Value }) =>
    ({
      label,
      shader: { file: 'subtract', overrides: { WG: 64 } },
      bindings,
      writes: ['z'],
      params: { n4: elements(x.shape) / 4 },
      grid: grid1d(elements(x.shape) / 4, 64),
    }) as const;
  g.push({
    ...emit(`${x.name} - ${y.name}`, { x, y, z }),
    backward: (tape) => {
      const dz = tape.gradient(z);
      tape.accumulate(y, (into) => {
        const from = into ?? zeroLike(g, y);
        const dy = g.activation(`d${y.name}`, y.shape);
        g.push(emit(`d${y.name}`, { x: from, y: dz, z: dy }));
        return dy;
      });
      tape.accumulate(x, (into) => (into === undefined ? dz : add(g, into, dz)));
    },
  });
  return z;
}

function zeroLike(g: Graph, y: Value): Value {
  const made = g.activation(`zero of ${y.name}`, y.shape);
  zero(g, made);
  return made;
}
