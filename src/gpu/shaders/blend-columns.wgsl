// y[c,t] = (1 - strength[t])·y[c,t] + strength[t]·other[c,t]
//   y, other (C,T) f32 · strength (T) f32
// One invocation per row and four tokens.
#import flat-index
override WG: u32 = 64u;
struct Params { C: u32, T4: u32 }
var<uniform> params: Params;
var<storage, read_write> other: array<vec4<f32>>;
var<storage, read> strength: array<vec4<f32>>;
var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  let row = i / params.T4;
  let t4 = i % params.T4;
  if (row >= params.C) { return; }
  y[i] = mix(y[i], other[i], strength[t4]);
}
