enable subgroups;
// y[o,t] = scale · Σ_c W[o,c]·x[c,t]  (and what the epilogue adds)
//   W (O,C), see weight.ts · x (C,T) f32 · y (O,T) f32
// matmul-subgroups for CPU adapters with subgroups of 4 (SwiftShader). One workgroup is one subgroup and makes ROWS (8, 16 or 32)
// rows x 32 tokens: lane l has tokens 4·l … +3 and 16+4·l … +3 of every row, and loads the weights of rows l, 4+l, 8+l, …, which
// the lanes hand round as quad-tile has it.
//
// Versions tried: int8-row, T=128 O=688 C=256, milliseconds of processor time on a busy machine, and to compile
//   v1 matmul-subgroups with 4 lanes: 16 rows, shuffles                 22.2 to 23.8   0.6 s
//   v2 16 rows, swaps within quads                                      12.7 to 16.1   0.2 to 0.4 s
//   v3 32 rows: an activation, whose load costs most, serves twice      10.5 to 13.2   0.3 to 0.8 s
//   no gain worth the time to compile: 64 rows 11.2 to 12.0 (1.1 to 1.5 s), eight columns a turn 10.0 to 11.8 (0.5 to 1.5 s), sixteen
//   8.7 to 11.8 (1.8 to 2.1 s). No gain: sums in an array that stays in memory, bytes unpacked by multiplications, 24 or 48 rows.
//   Without any load 7.7 to 8.1.
#import product-params
#import weight
#import low-rank
#import epilogue
#import scales4
#import quad-turn
#import input

// Four tokens of the four rows that begin at i, by a mask.
fn x4(i: vec4<u32>, m: u32) -> mat4x4<f32> { return mat4x4<f32>(x_at(i.x, m), x_at(i.y, m), x_at(i.z, m), x_at(i.w, m)); }

// A lane's own weights of the four rows, a column each.
fn w4(row: vec4<u32>, c4: u32, s: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(code4(row.x, c4) * s.x, code4(row.y, c4) * s.y, code4(row.z, c4) * s.z, code4(row.w, c4) * s.w);
}
fn factor4x4(row: vec4<u32>, r4: u32) -> mat4x4<f32> {
  return mat4x4<f32>(factor4(row.x, r4), factor4(row.y, r4), factor4(row.z, r4), factor4(row.w, r4));
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let t = 8u * group.x + lane;
  let t_in = min(vec2(t, t + 4u), vec2(params.T4 - 1u));
  let o = ROWS * group.y;
  let mask = mask_of(o);
  let low = min(o + lane + vec4(0u, 4u, 8u, 12u), vec4(params.O - 1u));
  let high = min(o + lane + vec4(16u, 20u, 24u, 28u), vec4(params.O - 1u));
  var y = Sums(); // tokens from 4·t on
  var z = Sums(); // and 16 further
  let end = (params.C + 3u) / 4u;
  for (var begin = 0u; begin < end; begin += 8u) {
    let s_low = scales4(low, begin);
    let s_high = scales4(high, begin);
    for (var c4 = begin; c4 < min(begin + 8u, end); c4++) {
      let i = min(4u * c4 + vec4(0u, 1u, 2u, 3u), vec4(params.C - 1u)) * params.T4;
      turn(&y, &z, x4(i + t_in.x, mask), x4(i + t_in.y, mask), w4(low, c4, s_low), w4(high, c4, s_high));
    }
  }
  let ranks = ranks4(o, o + ROWS - 1u);
  for (var r4 = ranks.x; r4 < ranks.y; r4++) {
    turn(&y, &z, u4x4(r4, t_in.x), u4x4(r4, t_in.y), factor4x4(low, r4), factor4x4(high, r4));
  }
  for (var r = 0u; r < ROWS; r++) {
    let row = o + 4u * (r / 4u) + (lane ^ (r % 4u));
    if (row < params.O && t < params.T4) { store4(row, t, pick(r / 4u, y)[r % 4u]); }
    if (row < params.O && t + 4u < params.T4) { store4(row, t + 4u, pick(r / 4u, z)[r % 4u]); }
  }
}
