// y[r,c] = x[c,r] for the first R columns of x
//   x (C,T) f32 · y (R,C) f32
// One invocation per row c of x, whose columns it has side by side; lanes write side by side.
#import flat-index
override WG: u32 = 64u;
struct Params { C: u32, T: u32, R: u32 }
var<uniform> params: Params;
var<storage, read_write> x: array<f32>;
var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let c = flat_index(id, groups, WG);
  if (c >= params.C) { return; }
  for (var r = 0u; r < params.R; r++) { y[r * params.C + c] = x[c * params.T + r]; }
}
