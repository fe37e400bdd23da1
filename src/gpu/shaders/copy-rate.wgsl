// to[i] = source[i]: a device's memory rate.
//   source, to (n) vec4<f32>
// One invocation per vec4.
#import flat-index
override WG: u32 = 64u;
struct Params { n: u32 }
var<uniform> params: Params;
var<storage, read> source: array<vec4<f32>>;
var<storage, read_write> to: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  if (i < params.n) { to[i] = source[i]; }
}
