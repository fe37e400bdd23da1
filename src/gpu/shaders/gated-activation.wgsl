// y = activate(gate) · up
//   gate, up, y (n) f32, n a multiple of 4 · activate: one of the parts activation-*.wgsl
// One invocation per four elements.
#import flat-index
#import activation-part
override WG: u32 = 64u;
struct Params { n4: u32 }
var<uniform> params: Params;
var<storage, read_write> gate: array<vec4<f32>>;
var<storage, read_write> up: array<vec4<f32>>;
var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  if (i < params.n4) { y[i] = activate(gate[i]) * up[i]; }
}
