// y[o,t] = m[o]/n[o] · v[o,t]  (+ bias[o]) (+ addend[o,t], by the epilogue)
//   v (O,T) f32: the product with its adapter · m (O) f32: magnitudes · n (O) f32 from dora-norm · y (O,T) f32
// One invocation per row and four tokens.
#import epilogue
#import flat-index
override WG: u32 = 64u;
struct Params { O: u32, T4: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> v: array<vec4<f32>>;
var<storage, read> m: array<f32>;
var<storage, read_write> n: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  let row = i / params.T4;
  let t4 = i % params.T4;
  if (row >= params.O) { return; }
  store4(row, t4, (m[row] / n[row]) * v[i]);
}
