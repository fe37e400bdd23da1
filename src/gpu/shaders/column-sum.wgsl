// Sum of `v` over the WG_Y lanes of a workgroup (WG_X, WG_Y) that share four tokens. Every lane calls it and gets the sum.
var<workgroup> column_sums: array<vec4<f32>, WG_X * WG_Y>;

fn column_sum(v: vec4<f32>, lane: vec3<u32>) -> vec4<f32> {
  let own = lane.y * WG_X + lane.x;
  // The results of an earlier call have been read.
  workgroupBarrier();
  column_sums[own] = v;
  for (var half = WG_Y / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.y < half) { column_sums[own] += column_sums[own + half * WG_X]; }
  }
  workgroupBarrier();
  return column_sums[lane.x];
}
