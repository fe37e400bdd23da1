enable subgroups;
// y[o,0] = scale · Σ_c W[o,c]·x[c,0]  (and what the epilogue adds), for the first of 4 tokens, the others being 0: one row is decoded
//   W (O,C), see weight.ts · x (C,4) f32 · y (O,4) f32
// For CPU adapters with subgroups of 4 (SwiftShader), where a load of one number costs as much for one lane as for four, some forty
// instructions. One workgroup is one subgroup and makes 32 rows: lane l has rows l, 4+l, 8+l, …, and loads every fourth x for all.
#import product-params
#import weight
#import low-rank
#import epilogue
#import scales4
var<storage, read_write> x: array<vec4<f32>>;

// Of four rows, by the same four columns of x.
fn dots(v: vec4<f32>, row: vec4<u32>, c4: u32) -> vec4<f32> {
  return vec4(dot(v, code4(row.x, c4)), dot(v, code4(row.y, c4)), dot(v, code4(row.z, c4)), dot(v, code4(row.w, c4)));
}
fn factor_dots(v: vec4<f32>, row: vec4<u32>, r4: u32) -> vec4<f32> {
  return vec4(dot(v, factor4(row.x, r4)), dot(v, factor4(row.y, r4)), dot(v, factor4(row.z, r4)), dot(v, factor4(row.w, r4)));
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let first = 32u * group.y;
  let o_low = first + lane + vec4(0u, 4u, 8u, 12u);
  let o_high = o_low + 16u;
  let low = min(o_low, vec4(params.O - 1u));
  let high = min(o_high, vec4(params.O - 1u));
  var y_low = vec4<f32>();
  var y_high = vec4<f32>();
  let end = (params.C + 3u) / 4u;
  for (var begin = 0u; begin < end; begin += 8u) {
    var sum_low = vec4<f32>();
    var sum_high = vec4<f32>();
    for (var c4 = begin; c4 < min(begin + 8u, end); c4++) {
      let own = x[min(4u * c4 + lane, params.C - 1u)].x;
      let v = vec4(subgroupBroadcast(own, 0u), subgroupBroadcast(own, 1u), subgroupBroadcast(own, 2u), subgroupBroadcast(own, 3u));
      sum_low += dots(v, low, c4);
      sum_high += dots(v, high, c4);
    }
    y_low += scales4(low, begin) * sum_low;
    y_high += scales4(high, begin) * sum_high;
  }
  let ranks = ranks4(first, first + 31u);
  for (var r4 = ranks.x; r4 < ranks.y; r4++) {
    let u = u4x4(r4, 0u);
    let v = vec4(u[0].x, u[1].x, u[2].x, u[3].x);
    y_low += factor_dots(v, low, r4);
    y_high += factor_dots(v, high, r4);
  }
  for (var k = 0u; k < 4u; k++) {
    if (o_low[k] < params.O) { store4(o_low[k], 0u, vec4(y_low[k], 0.0, 0.0, 0.0)); }
    if (o_high[k] < params.O) { store4(o_high[k], 0u, vec4(y_high[k], 0.0, 0.0, 0.0)); }
  }
}
