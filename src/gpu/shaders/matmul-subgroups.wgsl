enable subgroups;
// y[o,t] = scale · Σ_c W[o,c]·x[c,t]  (and what the epilogue adds)
//   W (O,C), see weight.ts · x (C,T) f32 · y (O,T) f32
// For CPU adapters with subgroups of 8. One workgroup is one subgroup and makes ROWS (8, 16 or 32) rows x 32 tokens:
// lane l has tokens 4·(8·group.x + l) …+3 of every row. It also loads the weights of rows l, 8+l, 16+l and 24+l, and the
// lanes hand them round: a driver on a CPU loads for each lane by itself, with a branch and a bounds check, so a load that
// gives all lanes the same number costs as much as one that gives them eight.
#import weight
#import epilogue
#import subgroup-tile
struct Params { O: u32, C: u32, T4: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let t = 8u * group.x + lane.x;
  let t_in = min(t, params.T4 - 1u);
  let o = ROWS * group.y;
  let row = min(o + lane.x + vec4(0u, 8u, 16u, 24u), vec4(params.O - 1u));
  var y0 = mat4x4<f32>(); var y1 = mat4x4<f32>(); var y2 = mat4x4<f32>(); var y3 = mat4x4<f32>();
  var y4 = mat4x4<f32>(); var y5 = mat4x4<f32>(); var y6 = mat4x4<f32>(); var y7 = mat4x4<f32>();
  let end = (params.C + 3u) / 4u;
  for (var begin = 0u; begin < end; begin += 8u) {
    let s0 = scale_of(row.x, begin);
    var s = vec4(s0, s0, s0, s0);
    if (ROWS > 8u) { s.y = scale_of(row.y, begin); }
    if (ROWS > 16u) { s.z = scale_of(row.z, begin); s.w = scale_of(row.w, begin); }
    for (var c4 = begin; c4 < min(begin + 8u, end); c4++) {
      let c = min(4u * c4 + vec4(0u, 1u, 2u, 3u), vec4(params.C - 1u)) * params.T4 + t_in;
      let v = mat4x4<f32>(x[c.x], x[c.y], x[c.z], x[c.w]);
      let w0 = code4(row.x, c4) * s.x;
      y0 = rows4(y0, v, w0, 0u); y1 = rows4(y1, v, w0, 4u);
      if (ROWS > 8u) {
        let w1 = code4(row.y, c4) * s.y;
        y2 = rows4(y2, v, w1, 0u); y3 = rows4(y3, v, w1, 4u);
      }
      if (ROWS > 16u) {
        let w2 = code4(row.z, c4) * s.z;
        y4 = rows4(y4, v, w2, 0u); y5 = rows4(y5, v, w2, 4u);
        let w3 = code4(row.w, c4) * s.w;
        y6 = rows4(y6, v, w3, 0u); y7 = rows4(y7, v, w3, 4u);
      }
    }
  }
  for (var i = 0u; i < ROWS / 4u; i++) {
    let m = pick(i, y0, y1, y2, y3, y4, y5, y6, y7);
    for (var k = 0u; k < 4u; k++) {
      if (o + 4u * i + k < params.O && t < params.T4) { store4(o + 4u * i + k, t, m[k]); }
    }
  }
}
