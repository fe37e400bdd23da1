enable subgroups;
// dx[c,t] = scale · Σ_o W[o,c]·dy[o,t]  (or += by the epilogue, whose y is dx here)
//   W (O,C), see weight.ts · dy (O,T) f32 · dx (C,T) f32
// For CPU adapters with subgroups of 8, as matmul-subgroups: one workgroup makes 32 columns c x 32 tokens, four rows o at a
// time. Lane l loads the weights of columns 4·l … 4·l+3 and the scale of row l of eight.
#import weight
#import epilogue
#import subgroup-tile
struct Params { O: u32, C: u32, T4: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> dy: array<vec4<f32>>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let t = 8u * group.x + lane.x;
  let t_in = min(t, params.T4 - 1u);
  let c = 32u * group.y;
  let c4 = min(c / 4u + lane.x, (params.C - 1u) / 4u);
  let last = params.O - 1u;
  var x0 = mat4x4<f32>(); var x1 = mat4x4<f32>(); var x2 = mat4x4<f32>(); var x3 = mat4x4<f32>();
  var x4 = mat4x4<f32>(); var x5 = mat4x4<f32>(); var x6 = mat4x4<f32>(); var x7 = mat4x4<f32>();
  for (var begin = 0u; begin < params.O; begin += 8u) {
    let s = select(0.0, scale_of(min(begin + lane.x, last), c / 4u), begin + lane.x <= last);
    for (var o = begin; o < min(begin + 8u, params.O); o += 4u) {
      let row = min(o + vec4(0u, 1u, 2u, 3u), vec4(last));
      let i = row * params.T4 + t_in;
      let v = mat4x4<f32>(dy[i.x], dy[i.y], dy[i.z], dy[i.w]);
      let w = transpose(mat4x4<f32>(
        code4(row.x, c4) * subgroupShuffle(s, o - begin),
        code4(row.y, c4) * subgroupShuffle(s, o - begin + 1u),
        code4(row.z, c4) * subgroupShuffle(s, o - begin + 2u),
        code4(row.w, c4) * subgroupShuffle(s, o - begin + 3u),
      ));
      x0 = columns4(x0, v, w, 0u); x1 = columns4(x1, v, w, 1u); x2 = columns4(x2, v, w, 2u); x3 = columns4(x3, v, w, 3u);
      x4 = columns4(x4, v, w, 4u); x5 = columns4(x5, v, w, 5u); x6 = columns4(x6, v, w, 6u); x7 = columns4(x7, v, w, 7u);
    }
  }
  for (var i = 0u; i < 8u; i++) {
    let m = pick(i, x0, x1, x2, x3, x4, x5, x6, x7);
    for (var k = 0u; k < 4u; k++) {
      if (c + 4u * i + k < params.C && t < params.T4) { store4(c + 4u * i + k, t, m[k]); }
    }
  }
}
