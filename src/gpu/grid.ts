// Workgroup counts. WebGPU allows 65,535 workgroups per dimension; longer rows fold into y (shaders/flat-index.wgsl).

const MAX_GROUPS = 65535;

/** Workgroups for `n` invocations, `wg` each. */
export function grid1d(n: number, wg: number): readonly [number, number, number] {
  const groups = Math.max(1, Math.ceil(n / wg));
  if (groups <= MAX_GROUPS) return [groups, 1, 1];
  const x = Math.ceil(Math.sqrt(groups));
  return [x, Math.ceil(groups / x), 1];
}
