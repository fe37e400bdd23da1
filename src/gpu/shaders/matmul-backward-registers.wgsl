// dx[c,t] = scale · Σ_o W[o,c]·dy[o,t]  (or += by the epilogue, whose y is dx here)
//   W (O,C), see weight.ts · dy (O,T) f32 · dx (C,T) f32
// For CPU adapters: no workgroup memory, no barriers. One invocation per 8 columns x 16 tokens: tokens t4, t4+WG, t4+2·WG,
// t4+3·WG (in vec4). The columns of a workgroup are the same for all its lanes, which lie along T.
#import weight
#import epilogue
#import register-tile
override WG: u32 = 8u;
struct Params { O: u32, C: u32, T4: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> dy: array<vec4<f32>>;

fn dy16(row: u32, t: vec4<u32>) -> mat4x4<f32> {
  let i = row * params.T4;
  return mat4x4<f32>(dy[i + t.x], dy[i + t.y], dy[i + t.z], dy[i + t.w]);
}

fn store16(column: u32, t: vec4<u32>, v: mat4x4<f32>) {
  if (column >= params.C) { return; }
  if (t.x < params.T4) { store4(column, t.x, v[0]); }
  if (t.y < params.T4) { store4(column, t.y, v[1]); }
  if (t.z < params.T4) { store4(column, t.z, v[2]); }
  if (t.w < params.T4) { store4(column, t.w, v[3]); }
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let t = group.x * 4u * WG + lane.x + vec4(0u, WG, 2u * WG, 3u * WG);
  let t_in = min(t, vec4(params.T4 - 1u));
  let c4 = 2u * group.y;
  let c4_b = min(c4 + 1u, (params.C - 1u) / 4u);
  var x0 = mat4x4<f32>(); var x1 = mat4x4<f32>(); var x2 = mat4x4<f32>(); var x3 = mat4x4<f32>();
  var x4 = mat4x4<f32>(); var x5 = mat4x4<f32>(); var x6 = mat4x4<f32>(); var x7 = mat4x4<f32>();
  for (var o = 0u; o < params.O; o++) {
    let a = weight4(o, c4);
    let b = weight4(o, c4_b);
    let d = dy16(o, t_in);
    x0 = mac(x0, d, a.x); x1 = mac(x1, d, a.y); x2 = mac(x2, d, a.z); x3 = mac(x3, d, a.w);
    x4 = mac(x4, d, b.x); x5 = mac(x5, d, b.y); x6 = mac(x6, d, b.z); x7 = mac(x7, d, b.w);
  }
  let c = 4u * c4;
  store16(c, t, x0); store16(c + 1u, t, x1); store16(c + 2u, t, x2); store16(c + 3u, t, x3);
  store16(c + 4u, t, x4); store16(c + 5u, t, x5); store16(c + 6u, t, x6); store16(c + 7u, t, x7);
}
