// z[i] = x[i] - y[i]
//   x, y, z (n) f32, n = 4·n4
// One invocation per four elements.
#import flat-index
override WG: u32 = 64u;
struct Params { n4: u32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read_write> y: array<vec4<f32>>;
var<storage, read_write> z: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  if (i < params.n4) { z[i] = x[i] - y[i]; }
}
