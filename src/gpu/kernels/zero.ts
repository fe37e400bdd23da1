// value = 0: the start of anything that several ops add to.

import { elements, type Graph, type Value } from '../graph.ts';
import { grid1d } from '../grid.ts';

/** Fills `value` with zeros (f32 or u32, any role that the device may write). */
export function zero(g: Graph, value: Value): void {
  const n = elements(value.shape);
  const WG = 64;
  g.push({
    label: `zero ${value.name}`,
    shader: { file: 'zero', overrides: { WG } },
    bindings: { x: value },
    writes: ['x'],
    params: { n },
    grid: grid1d(Math.ceil(n / 4), WG),
  });
}
