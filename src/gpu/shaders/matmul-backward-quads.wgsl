enable subgroups;
// dx[c,t] = scale · Σ_o W[o,c]·dy[o,t]  (or += by the epilogue)
//   W (O,C), see weight.ts · x (O,T) f32, here dy · y (C,T) f32, here dx
// matmul-backward-subgroups for CPU adapters with subgroups of 4 (SwiftShader), as matmul-quads: one workgroup makes ROWS (16 or 32)
// columns c x 32 tokens, four rows o at a time. Lane l loads the weights of columns 4·l … 4·l+3 of each sixteen, and the scale of row l.
#import product-params
#import weight
#import low-rank
#import epilogue
#import quad-turn
var<storage, read_write> x: array<vec4<f32>>;

// Four tokens of the four rows that begin at i.
fn x4(i: vec4<u32>) -> mat4x4<f32> { return mat4x4<f32>(x[i.x], x[i.y], x[i.z], x[i.w]); }

// This lane's four columns of four rows: column k has column k in all four.
fn w4(row: vec4<u32>, c4: u32, s: vec4<f32>) -> mat4x4<f32> {
  return transpose(mat4x4<f32>(code4(row.x, c4) * s.x, code4(row.y, c4) * s.y, code4(row.z, c4) * s.z, code4(row.w, c4) * s.w));
}
fn factor4x4(r4: u32, c4: u32) -> mat4x4<f32> {
  let r = 4u * r4;
  return transpose(mat4x4<f32>(factor4(r, c4), factor4(r + 1u, c4), factor4(r + 2u, c4), factor4(r + 3u, c4)));
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let t = 8u * group.x + lane;
  let t_in = min(vec2(t, t + 4u), vec2(params.T4 - 1u));
  let c = ROWS * group.y;
  let c4 = min(c / 4u + lane + vec2(0u, 4u), vec2((params.C - 1u) / 4u));
  let last = params.O - 1u;
  var y = Sums(); // tokens from 4·t on
  var z = Sums(); // and 16 further
  for (var o = 0u; o < params.O; o += 4u) {
    // By lanes that hand it round: of one row beyond the last, nothing.
    let s = select(0.0, scale_of(min(o + lane, last), c / 4u), o + lane <= last);
    let scales = vec4(subgroupBroadcast(s, 0u), subgroupBroadcast(s, 1u), subgroupBroadcast(s, 2u), subgroupBroadcast(s, 3u));
    let row = min(o + vec4(0u, 1u, 2u, 3u), vec4(last));
    let i = row * params.T4;
    turn(&y, &z, x4(i + t_in.x), x4(i + t_in.y), w4(row, c4.x, scales), w4(row, c4.y, scales));
  }
  let ranks = ranks4(c, c + ROWS - 1u);
  for (var r4 = ranks.x; r4 < ranks.y; r4++) {
    turn(&y, &z, u4x4(r4, t_in.x), u4x4(r4, t_in.y), factor4x4(r4, c4.x), factor4x4(r4, c4.y));
  }
  // Tile k of sixteen has what lane ^ j loaded in its column j: columns 4·(lane ^ j)+k.
  for (var r = 0u; r < ROWS; r++) {
    let column = c + 16u * (r / 16u) + 4u * (lane ^ (r % 4u)) + r / 4u % 4u;
    if (column < params.C && t < params.T4) { store4(column, t, pick(r / 4u, y)[r % 4u]); }
    if (column < params.C && t + 4u < params.T4) { store4(column, t + 4u, pick(r / 4u, z)[r % 4u]); }
  }
}
