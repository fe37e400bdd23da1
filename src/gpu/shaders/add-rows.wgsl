// y[o,t] += scale · strength(t) · bias[o]
//   y (O,T) f32 · bias (O) f32. The strength is behind the name column-strength
// One invocation per row and four tokens.
#import column-strength
#import flat-index
override WG: u32 = 64u;
struct Params { O: u32, T4: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read> bias: array<f32>;
var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  let row = i / params.T4;
  let t4 = i % params.T4;
  if (row >= params.O) { return; }
  y[i] += params.scale * bias[row] * strength4(t4);
}
