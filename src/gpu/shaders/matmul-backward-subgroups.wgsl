enable subgroups;
// dx[c,t] = scale · Σ_o W[o,c]·dy[o,t]  (or += by the epilogue)
//   W (O,C), see weight.ts · x (O,T) f32, here dy · y (C,T) f32, here dx
// For CPU adapters with subgroups of LANES = 8 or 4, as matmul-subgroups: one workgroup makes ROWS (8, 16 or, with 8 lanes,
// 32) columns c x 32 tokens, four rows o at a time. Lane l loads the weights of columns 4·l … 4·l+3, and the scale of row l.
//
// Versions tried, as in matmul-subgroups: milliseconds of processor time on two threads, lavapipe
//   v1 8 columns x 16 tokens an invocation, nothing handed round             19.7
//   v2 handed round, a loop of 8 rows (one load of scales) in a loop         12.0   the sums are copied after each inner loop
//   v3 one loop, scales loaded every LANES rows                               8.8   50 % of fma-rate
//   On SwiftShader, T=256 O=688 C=256: v1 51.2, v2 50.3, v3 26.5.
#import weight
#import epilogue
#import subgroup-tile
struct Params { O: u32, C: u32, T4: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;

// Four tokens of the four rows that begin at i.
fn x4(i: vec4<u32>) -> mat4x4<f32> { return mat4x4<f32>(x[i.x], x[i.y], x[i.z], x[i.w]); }

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let t = 8u * group.x + lane;
  let t_in = min(vec2(t, t + 4u), vec2(params.T4 - 1u));
  let c = ROWS * group.y;
  let c4 = min(c / 4u + lane, (params.C - 1u) / 4u);
  let last = params.O - 1u;
  var y0 = mat4x4<f32>(); var y1 = mat4x4<f32>(); var y2 = mat4x4<f32>(); var y3 = mat4x4<f32>();
  var y4 = mat4x4<f32>(); var y5 = mat4x4<f32>(); var y6 = mat4x4<f32>(); var y7 = mat4x4<f32>();
  var s = 0.0;
  for (var o = 0u; o < params.O; o += 4u) {
    if (o % LANES == 0u) { s = select(0.0, scale_of(min(o + lane, last), c / 4u), o + lane <= last); }
    let row = min(o + vec4(0u, 1u, 2u, 3u), vec4(last));
    let i = row * params.T4;
    let v = x4(i + t_in.x);
    var u = v;
    if (LANES == 4u) { u = x4(i + t_in.y); }
    let w = transpose(mat4x4<f32>(
      code4(row.x, c4) * subgroupShuffle(s, o % LANES),
      code4(row.y, c4) * subgroupShuffle(s, o % LANES + 1u),
      code4(row.z, c4) * subgroupShuffle(s, o % LANES + 2u),
      code4(row.w, c4) * subgroupShuffle(s, o % LANES + 3u),
    ));
    y0 = columns4(y0, v, w, 0u); y1 = columns4(y1, v, w, 1u);
    if (ROWS > 8u) { y2 = columns4(y2, v, w, 2u); y3 = columns4(y3, v, w, 3u); }
    if (LANES == 8u) {
      if (ROWS > 16u) {
        y4 = columns4(y4, v, w, 4u); y5 = columns4(y5, v, w, 5u); y6 = columns4(y6, v, w, 6u); y7 = columns4(y7, v, w, 7u);
      }
    } else {
      y4 = columns4(y4, u, w, 0u); y5 = columns4(y5, u, w, 1u);
      if (ROWS > 8u) { y6 = columns4(y6, u, w, 2u); y7 = columns4(y7, u, w, 3u); }
    }
  }
  for (var r = 0u; r < min(ROWS, params.C - c); r++) {
    if (t < params.T4) { store4(c + r, t, pick(r / 4u, y0, y1, y2, y3, y4, y5, y6, y7)[r % 4u]); }
    if (LANES == 4u && t + 4u < params.T4) { store4(c + r, t + 4u, pick(4u + r / 4u, y0, y1, y2, y3, y4, y5, y6, y7)[r % 4u]); }
  }
}
