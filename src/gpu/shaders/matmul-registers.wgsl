// y[o,t] = scale · Σ_c W[o,c]·x[c,t]  (and what the epilogue adds)
//   W (O,C), see weight.ts · x (C,T) f32 · y (O,T) f32
// For CPU adapters: no workgroup memory, no barriers. One invocation per 8 rows x 16 tokens: tokens t4, t4+WG, t4+2·WG,
// t4+3·WG (in vec4). The rows of a workgroup are the same for all its lanes, which lie along T.
#import weight
#import epilogue
#import register-tile
override WG: u32 = 8u;
struct Params { O: u32, C: u32, T4: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;

fn x16(row: u32, t: vec4<u32>) -> mat4x4<f32> {
  let i = row * params.T4;
  return mat4x4<f32>(x[i + t.x], x[i + t.y], x[i + t.z], x[i + t.w]);
}

fn store16(row: u32, t: vec4<u32>, v: mat4x4<f32>) {
  if (row >= params.O) { return; }
  if (t.x < params.T4) { store4(row, t.x, v[0]); }
  if (t.y < params.T4) { store4(row, t.y, v[1]); }
  if (t.z < params.T4) { store4(row, t.z, v[2]); }
  if (t.w < params.T4) { store4(row, t.w, v[3]); }
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let t = group.x * 4u * WG + lane.x + vec4(0u, WG, 2u * WG, 3u * WG);
  let t_in = min(t, vec4(params.T4 - 1u));
  let o = 8u * group.y;
  let last = params.O - 1u;
  var y0 = mat4x4<f32>(); var y1 = mat4x4<f32>(); var y2 = mat4x4<f32>(); var y3 = mat4x4<f32>();
  var y4 = mat4x4<f32>(); var y5 = mat4x4<f32>(); var y6 = mat4x4<f32>(); var y7 = mat4x4<f32>();
  for (var c4 = 0u; 4u * c4 < params.C; c4++) {
    let w0 = weight4(o, c4);
    let w1 = weight4(min(o + 1u, last), c4);
    let w2 = weight4(min(o + 2u, last), c4);
    let w3 = weight4(min(o + 3u, last), c4);
    let w4 = weight4(min(o + 4u, last), c4);
    let w5 = weight4(min(o + 5u, last), c4);
    let w6 = weight4(min(o + 6u, last), c4);
    let w7 = weight4(min(o + 7u, last), c4);
    for (var k = 0u; k < min(4u, params.C - 4u * c4); k++) {
      let v = x16(4u * c4 + k, t_in);
      y0 = mac(y0, v, w0[k]); y1 = mac(y1, v, w1[k]); y2 = mac(y2, v, w2[k]); y3 = mac(y3, v, w3[k]);
      y4 = mac(y4, v, w4[k]); y5 = mac(y5, v, w5[k]); y6 = mac(y6, v, w6[k]); y7 = mac(y7, v, w7[k]);
    }
  }
  store16(o, t, y0); store16(o + 1u, t, y1); store16(o + 2u, t, y2); store16(o + 3u, t, y3);
  store16(o + 4u, t, y4); store16(o + 5u, t, y5); store16(o + 6u, t, y6); store16(o + 7u, t, y7);
}
