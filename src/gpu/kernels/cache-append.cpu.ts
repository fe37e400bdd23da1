// Twin of cache-append.

/** Writes column t of x (R,T) into cache[rowOf[t]·R …, positions[t]], in place; cache (rows·R,S). */
export function cacheAppendCpu(
  cache: Float32Array,
  x: ArrayLike<number>,
  rowOf: ArrayLike<number>,
  positions: ArrayLike<number>,
  { R, S, T }: { readonly R: number; readonly S: number; readonly T: number },
): void {
  for (let t = 0; t < T; t++) {
    if (rowOf[t] === 0xffffffff) continue;
    for (let r = 0; r < R; r++) cache[(rowOf[t]! * R + r) * S + positions[t]!] = x[r * T + t]!;
  }
}
