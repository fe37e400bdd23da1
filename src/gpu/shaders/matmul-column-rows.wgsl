enable subgroups;
// y[o,0] = scale · Σ_c W[o,c]·x[c,0]  (and what the epilogue adds), for the first of 4 tokens, the others being 0: one row is decoded
//   W (O,C), see weight.ts · x (C,4) f32 · y (O,4) f32
// For CPU adapters with subgroups of 8, where what reads sixteen codes at a time cannot. As matmul-vector, with a quarter
// of its multiply-adds and of what is handed round: what is left is loads.
// Versions tried: milliseconds of processor time, weights from memory, busy machine, lavapipe
//                                        O=1536 C=576: f32     f16       nf4       nf4-dq        O=576 C=1536: f32
//   v1 matmul-vector, four tokens         0.87-0.93    0.80      0.79      0.86                  0.87
//   v2 this one                           0.66-0.78    0.61      0.62      0.70                  0.60-0.66
//   no gain: four rows a lane (f32 0.83-0.87, f16 0.63, nf4 0.68-0.69); f16 in order, matmul-column-stream, takes 0.51-0.53
#import product-params
#import weight
#import low-rank
#import epilogue
var<storage, read_write> x: array<vec4<f32>>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let first = 16u * group.y;
  let o = first + lane;
  let row = min(vec2(o, o + 8u), vec2(params.O - 1u));
  var sum0 = vec4<f32>(); // of every fourth column
  var sum1 = vec4<f32>();
  var s = vec2(scale_of(row.x, 0u), scale_of(row.y, 0u));
  for (var c = 0u; c < params.C; c += 8u) {
    let v = select(0.0, x[min(c + lane, params.C - 1u)].x, c + lane < params.C);
    for (var h = 0u; h < 8u; h += 4u) {
      let c4 = min(c + h, params.C - 1u) / 4u;
      if (c4 % 8u == 0u) { s = vec2(scale_of(row.x, c4), scale_of(row.y, c4)); }
      let w = vec4(subgroupShuffle(v, h), subgroupShuffle(v, h + 1u), subgroupShuffle(v, h + 2u), subgroupShuffle(v, h + 3u));
      sum0 += w * code4(row.x, c4) * s.x;
      sum1 += w * code4(row.y, c4) * s.y;
    }
  }
  var y = vec2(dot(sum0, vec4(1.0)), dot(sum1, vec4(1.0)));
  let ranks = ranks4(first, first + 15u);
  for (var r4 = ranks.x; r4 < ranks.y; r4++) {
    let u = u4x4(r4, 0u);
    let v = vec4(u[0].x, u[1].x, u[2].x, u[3].x);
    y += vec2(dot(v, factor4(row.x, r4)), dot(v, factor4(row.y, r4)));
  }
  if (o < params.O) { store4(o, 0u, vec4(y.x, 0.0, 0.0, 0.0)); }
  if (o + 8u < params.O) { store4(o + 8u, 0u, vec4(y.y, 0.0, 0.0, 0.0)); }
}
