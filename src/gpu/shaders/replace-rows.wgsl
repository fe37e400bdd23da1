// y[tokens[j],t] = (1 - strength(t))·y[tokens[j],t] + strength(t)·z[j,t]; other rows stay
//   y (V,T) f32 · z (N,T) f32 · tokens (N) u32, unique. The strength is behind the name column-strength
// One invocation per row of z and four tokens.
#import column-strength
override WG: u32 = 16u;
struct Params { N: u32, T4: u32 }
var<uniform> params: Params;
var<storage, read> tokens: array<u32>;
var<storage, read_write> z: array<vec4<f32>>;
var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.T4 || id.y >= params.N) { return; }
  let i = tokens[id.y] * params.T4 + id.x;
  y[i] = mix(y[i], z[id.y * params.T4 + id.x], strength4(id.x));
}
