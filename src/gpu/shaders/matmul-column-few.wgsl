enable subgroups;
// y[o,0] = scale · Σ_c W[o,c]·x[c,0]  (and what the epilogue adds), for the first of 4 tokens, the others being 0: one row is decoded
//   W (O,C), see weight.ts · x (C,4) f32 · y (O,4) f32
// For few rows (A of a low-rank branch) on CPU adapters with subgroups of LANES = 8 or 4. One workgroup is one subgroup and makes
// 4 rows, the lanes lying along C, so that even few rows keep several processors busy. x may be made on the way, by the first
// workgroup for all who read it and by the others for themselves: see fuse-columns.ts.
#import product-params
#import weight
#import column-input
#import low-rank
#import epilogue

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  prepare(lane);
  let o = 4u * group.y;
  let row = min(o + vec4(0u, 1u, 2u, 3u), vec4(params.O - 1u));
  let end = (params.C + 3u) / 4u;
  var sum = vec4<f32>(); // of four rows, over the lane's columns
  for (var first = 0u; first < end; first += LANES) {
    let c4 = min(first + lane, end - 1u);
    let c = 4u * c4 + vec4(0u, 1u, 2u, 3u);
    let v = input4(c, c < vec4(select(0u, params.C, first + lane < end)), o == 0u);
    sum += vec4(
      dot(v, weight4(row.x, c4)), dot(v, weight4(row.y, c4)), dot(v, weight4(row.z, c4)), dot(v, weight4(row.w, c4)),
    );
  }
  sum = subgroupAdd(sum);
  // From here on lane l has row o+l.
  let own = min(lane, 3u);
  var y = sum[own];
  let ranks = ranks4(o, o + 3u);
  for (var r4 = ranks.x; r4 < ranks.y; r4++) {
    let u = u4x4(r4, 0u);
    y += dot(vec4(u[0].x, u[1].x, u[2].x, u[3].x), factor4(min(o + own, params.O - 1u), r4));
  }
  if (lane < 4u && o + lane < params.O) { store4(o + lane, 0u, vec4(y, 0.0, 0.0, 0.0)); }
}
