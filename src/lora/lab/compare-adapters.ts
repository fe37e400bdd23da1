// How alike two adapters are: the cosine between their changes, from the small factors,
//   ⟨ΔW₁,ΔW₂⟩ = s₁s₂·Σ (B₁ᵀB₂ ∘ A₁A₂ᵀ),   never the matrices themselves.

import type { Adapter } from '../adapter.ts';
import { matrix, multiply, multiplyTransposed, transpose } from '../algebra/matrix.ts';
import type { Factors } from '../delta.ts';

export interface Comparison {
  /** Over all linears together, in [-1, 1]; linears that only one of them has count as 0. NaN when one of them changes nothing. */
  readonly cosine: number;
  /** By module, for those that both have. */
  readonly modules: ReadonlyMap<string, number>;
}

/** Throws a TypeError when a linear has other sizes in the other adapter. */
export function compareAdapters(first: Adapter, second: Adapter): Comparison {
  const modules = new Map<string, number>();
  let product = 0;
  for (const [path, one] of first.modules) {
    const other = second.modules.get(path);
    if (other === undefined) continue;
    const inner = innerProduct(one, other, path);
    product += inner;
    modules.set(path, inner / Math.sqrt(innerProduct(one, one, path) * innerProduct(other, other, path)));
  }
  const square = ({ modules: all }: Adapter) =>
    [...all].reduce((sum, [path, module]) => sum + innerProduct(module, module, path), 0);
  return { cosine: product / Math.sqrt(square(first) * square(second)), modules };
}

function innerProduct(x: Factors, y: Factors, path: string): number {
  if (x.inFeatures !== y.inFeatures || x.outFeatures !== y.outFeatures)
    throw new TypeError(
      `Cannot compare the adapters: found "${path}" as ${x.outFeatures}×${x.inFeatures} and ${y.outFeatures}×${y.inFeatures}, need adapters of one base`,
    );
  const bs = multiply(transpose(matrix(x.outFeatures, x.r, x.b)), matrix(y.outFeatures, y.r, y.b));
  const as = multiplyTransposed(matrix(x.r, x.inFeatures, x.a), matrix(y.r, y.inFeatures, y.a));
  let sum = 0;
  for (let i = 0; i < bs.data.length; i++) sum += bs.data[i]! * as.data[i]!;
  return x.scaling * y.scaling * sum;
}
