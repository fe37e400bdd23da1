enable subgroups;
// y[o,t] = scale · Σ_c W[o,c]·x[c,t]  (and what the epilogue adds), for 4 tokens: decoding
//   W (O,C), see weight.ts · x (C,4) f32 · y (O,4) f32
// For CPU adapters with subgroups of LANES = 8 or 4, where matmul-vector-wide can not run. One workgroup is one subgroup and makes 2·LANES rows: lane l has rows l
// and LANES+l over all columns, so nothing is added up at the end. Activations, which all rows want, are loaded once for
// LANES columns, one column a lane, and handed round.
// Versions tried: q8, O=1536 C=576, milliseconds of processor time on two threads, lavapipe
//   v1 matmul-split, a slice of the sum a lane, four activations loaded for each word of weights    1.55
//   v2 this one                                                                                     0.57
//   no gain: four rows a lane (0.55; O=576 C=1536 0.62 against 0.61)
#import product-params
#import weight
#import low-rank
#import epilogue
var<storage, read_write> x: array<vec4<f32>>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let o = 2u * LANES * group.y + lane;
  let last = params.O - 1u;
  let row = min(vec2(o, o + LANES), vec2(last));
  var y0 = vec4<f32>();
  var y1 = vec4<f32>();
  var s = vec2<f32>();
  for (var c = 0u; c < params.C; c += LANES) {
    let v = select(vec4<f32>(), x[min(c + lane, params.C - 1u)], c + lane < params.C);
    for (var h = 0u; h < LANES; h += 4u) {
      let c4 = min(c + h, params.C - 1u) / 4u;
      if (c4 % 8u == 0u) { s = vec2(scale_of(row.x, c4), scale_of(row.y, c4)); }
      let a = code4(row.x, c4) * s.x;
      let b = code4(row.y, c4) * s.y;
      let w = mat4x4<f32>(subgroupShuffle(v, h), subgroupShuffle(v, h + 1u), subgroupShuffle(v, h + 2u), subgroupShuffle(v, h + 3u));
      y0 += w * a;
      y1 += w * b;
    }
  }
  let ranks = ranks4(2u * LANES * group.y, 2u * LANES * group.y + 2u * LANES - 1u);
  for (var r4 = ranks.x; r4 < ranks.y; r4++) {
    let v = u4x4(r4, 0u);
    y0 += v * factor4(row.x, r4);
    y1 += v * factor4(row.y, r4);
  }
  if (o < params.O) { store4(o, 0u, y0); }
  if (o + LANES < params.O) { store4(o + LANES, 0u, y1); }
}
