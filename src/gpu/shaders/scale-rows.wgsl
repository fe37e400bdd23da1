// y[c,t] = (1 - strength(t) + strength(t)·l[c]) · x[c,t]  (+ addend[c,t], by the epilogue)
//   x, y (C,T) f32 · l (C) f32. The strength is behind the name column-strength
// One invocation per row and four tokens.
#import column-strength
#import epilogue
#import flat-index
override WG: u32 = 64u;
struct Params { C: u32, T4: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read> l: array<f32>;
var<storage, read_write> x: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  let row = i / params.T4;
  let t4 = i % params.T4;
  if (row >= params.C) { return; }
  store4(row, t4, mix(vec4<f32>(1.0), vec4<f32>(l[row]), strength4(t4)) * x[i]);
}
