// x[i] = 0
//   x (n) u32: the bits of 0 are those of 0.0 too
// One invocation per four elements.
#import flat-index
override WG: u32 = 64u;
struct Params { n: u32 }
var<uniform> params: Params;
var<storage, read_write> x: array<u32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = 4u * flat_index(id, groups, WG);
  for (var k = i; k < min(i + 4u, params.n); k++) { x[k] = 0u; }
}
