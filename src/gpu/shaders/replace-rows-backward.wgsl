// dz[j,t] = dy[tokens[j],t], and dy[tokens[j],t] = 0: what was replaced has no part in the result
//   dy (V,T) f32, in place · dz (N,T) f32 · tokens (N) u32, unique
// One invocation per row of dz and four tokens.
override WG: u32 = 16u;
struct Params { N: u32, T4: u32 }
var<uniform> params: Params;
var<storage, read> tokens: array<u32>;
var<storage, read_write> dy: array<vec4<f32>>;
var<storage, read_write> dz: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.T4 || id.y >= params.N) { return; }
  let i = tokens[id.y] * params.T4 + id.x;
  dz[id.y * params.T4 + id.x] = dy[i];
  dy[i] = vec4<f32>();
}
