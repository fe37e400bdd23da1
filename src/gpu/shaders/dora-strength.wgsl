// y[o,t] += strength[t] · ((m[o]/n[o] - 1)·w[o,t] + m[o]/n[o]·l[o,t])
//   y (O,T): the base's result · w (O,T): W·x alone · l (O,T): scale·B·A·x · m, n (O) · strength (T), all f32
// One invocation per row and four tokens. For adapters in use: 0 leaves the base alone, 1 is the adapter as trained.
#import flat-index
override WG: u32 = 64u;
struct Params { O: u32, T4: u32 }
var<uniform> params: Params;
var<storage, read_write> w: array<vec4<f32>>;
var<storage, read_write> l: array<vec4<f32>>;
var<storage, read> m: array<f32>;
var<storage, read> n: array<f32>;
var<storage, read> strength: array<vec4<f32>>;
var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  let row = i / params.T4;
  let t4 = i % params.T4;
  if (row >= params.O) { return; }
  let ratio = m[row] / n[row];
  y[i] += strength[t4] * ((ratio - 1.0) * w[i] + ratio * l[i]);
}
