// dv[o,t] (+)= m[o]/n[o] · dy[o,t]; n is a constant (section 4.3 of the paper)
//   dy, dv (O,T) · m (O) · n (O) from dora-norm, all f32. Adds when accumulate = 1, else overwrites
// One invocation per row and four tokens. The gradient of m is a row-sum.
#import flat-index
override WG: u32 = 64u;
struct Params { O: u32, T4: u32, accumulate: u32 }
var<uniform> params: Params;
var<storage, read> m: array<f32>;
var<storage, read_write> n: array<f32>;
var<storage, read_write> dy: array<vec4<f32>>;
var<storage, read_write> dv: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  let row = i / params.T4;
  let t4 = i % params.T4;
  if (row >= params.O) { return; }
  var d = (m[row] / n[row]) * dy[i];
  if (params.accumulate == 1u) { d += dv[i]; }
  dv[i] = d;
}
