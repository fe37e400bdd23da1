enable subgroups;
// dx[c,t] = scale · Σ_o W[o,c]·dy[o,t]  (or += by the epilogue)
//   W (O,C), see weight.ts · x (O,T) f32, here dy · y (C,T) f32, here dx
// For CPU adapters with subgroups of 8, as matmul-subgroups: one workgroup makes ROWS (8, 16 or 32) columns c x 32 tokens, four
// rows o at a time. Lane l loads the weights of columns 4·l … 4·l+3, and the scale of row l.
//
// Versions tried, as in matmul-subgroups: milliseconds of processor time on two threads, lavapipe
//   v1 8 columns x 16 tokens an invocation, nothing handed round             19.7
//   v2 handed round, a loop of 8 rows (one load of scales) in a loop         12.0   the sums are copied after each inner loop
//   v3 one loop, scales loaded every 8 rows                               8.8   50 % of fma-rate
#import product-params
#import weight
#import low-rank
#import epilogue
#import subgroup-tile
#import tile-sums
var<storage, read_write> x: array<vec4<f32>>;

// Four tokens of the four rows that begin at i.
fn x4(i: vec4<u32>) -> mat4x4<f32> { return mat4x4<f32>(x[i.x], x[i.y], x[i.z], x[i.w]); }

// Four rows o more: v are their activations; column k of w has this lane's column k in all four.
fn turn(y: ptr<function, Sums>, v: mat4x4<f32>, w: mat4x4<f32>) {
  (*y).a = columns4((*y).a, v, w, 0u); (*y).b = columns4((*y).b, v, w, 1u);
  if (ROWS > 8u) { (*y).c = columns4((*y).c, v, w, 2u); (*y).d = columns4((*y).d, v, w, 3u); }
  if (ROWS > 16u) {
    (*y).e = columns4((*y).e, v, w, 4u); (*y).f = columns4((*y).f, v, w, 5u);
    (*y).g = columns4((*y).g, v, w, 6u); (*y).h = columns4((*y).h, v, w, 7u);
  }
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let t = 8u * group.x + lane;
  let t_in = min(t, params.T4 - 1u);
  let c = ROWS * group.y;
  let c4 = min(c / 4u + lane, (params.C - 1u) / 4u);
  let last = params.O - 1u;
  var y = Sums();
  var s = 0.0;
  for (var o = 0u; o < params.O; o += 4u) {
    if (o % 8u == 0u) { s = select(0.0, scale_of(min(o + lane, last), c / 4u), o + lane <= last); }
    let row = min(o + vec4(0u, 1u, 2u, 3u), vec4(last));
    let i = row * params.T4;
    turn(&y, x4(i + t_in), transpose(mat4x4<f32>(
      code4(row.x, c4) * subgroupShuffle(s, o % 8u),
      code4(row.y, c4) * subgroupShuffle(s, o % 8u + 1u),
      code4(row.z, c4) * subgroupShuffle(s, o % 8u + 2u),
      code4(row.w, c4) * subgroupShuffle(s, o % 8u + 3u),
    )));
  }
  let ranks = ranks4(c, c + ROWS - 1u);
  for (var r4 = ranks.x; r4 < ranks.y; r4++) {
    let r = 4u * r4;
    let w = mat4x4<f32>(factor4(r, c4), factor4(r + 1u, c4), factor4(r + 2u, c4), factor4(r + 3u, c4));
    turn(&y, u4x4(r4, t_in), transpose(w));
  }
  for (var r = 0u; r < min(ROWS, params.C - c); r++) {
    if (t < params.T4) { store4(c + r, t, pick(r / 4u, y)[r % 4u]); }
  }
}
