// x[r,t] *= scale[t], in place: per-token strength of an adapter. No gradient.

import type { Graph, Value } from '../graph.ts';

/** x (R,T), scale (T) f32. */
export function scaleColumns(g: Graph, x: Value, scale: Value): Value {
  const [R, T] = x.shape as [number, number];
  const y = g.inPlace(x.name, x);
  const WG = 16;
  g.push({
    label: `scale ${x.name}`,
    shader: { file: 'scale-columns', overrides: { WG } },
    bindings: { x: y, scale },
    writes: ['x'],
    params: { R, T4: T / 4 },
    grid: [Math.ceil(T / 4 / WG), R, 1],
  });
  return y;
}
