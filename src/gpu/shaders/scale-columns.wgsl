// x[r,t] *= scale[t]
//   x (R,T) f32 · scale (T) f32
// One invocation per row and four tokens.
override WG: u32 = 16u;
struct Params { R: u32, T4: u32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read> scale: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.T4 || id.y >= params.R) { return; }
  x[id.y * params.T4 + id.x] *= scale[id.x];
}
