// sum += term, element by element: where two gradients of one value meet.

import { elements, type Graph, type Value } from '../graph.ts';
import { grid1d } from '../grid.ts';

/** Adds `term` to `sum` in place and returns the result. Shapes are equal, (…,T). */
export function add(g: Graph, sum: Value, term: Value): Value {
  const n4 = elements(sum.shape) / 4;
  const y = g.inPlace(sum.name, sum);
  const WG = 64;
  g.push({
    label: `add ${sum.name}`,
    shader: { file: 'add', overrides: { WG } },
    bindings: { sum: y, term },
    writes: ['sum'],
    params: { n4 },
    grid: grid1d(n4, WG),
    backward: (tape) => {
      const dy = tape.gradient(y);
      tape.accumulate(term, (into) => (into === undefined ? dy : add(g, into, dy)));
      tape.passThrough(sum, dy);
    },
  });
  return y;
}
