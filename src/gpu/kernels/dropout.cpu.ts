// Twins of philox and dropout.

/** Philox4x32-10 on a counter of four u32 and a key of two. */
export function philoxCpu(counter: readonly number[], key: readonly number[]): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  const low = (x: bigint) => x & 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const p = 0xd2511f53n * c0;
    const r = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(r >> 32n) ^ c1 ^ k0, low(r), (p >> 32n) ^ c3 ^ k1, low(p)];
    k0 = low(k0 + 0x9e3779b9n);
    k1 = low(k1 + 0xbb67ae85n);
  }
  return [Number(c0), Number(c1), Number(c2), Number(c3)];
}

export interface DropoutKeys {
  readonly p: number;
  readonly key: readonly [number, number];
  readonly seed: readonly [low: number, high: number];
  readonly step: number;
}

/** y = x / (1 - p) where the mask keeps, else 0. Backward is the same on dy. */
export function dropoutCpu(x: ArrayLike<number>, { p, key, seed, step }: DropoutKeys): Float64Array {
  const y = new Float64Array(x.length);
  for (let i = 0; i < x.length; i += 4)
    for (const [j, bits] of philoxCpu([i / 4, step, ...key], seed).entries())
      y[i + j] = bits >= p * 2 ** 32 ? x[i + j]! / (1 - p) : 0;
  return y;
}
