// What flows back through dropout: dx[c,t] += scale · Σ_z kept_z[c,t] · Σ_r A[z·R + r, c]·du[z·R + r, t]
//   A (branches·R,C) f32, R and C multiples of 4 · du (branches·R,T) · dx (C,T) · masks, see mask-bits
// One invocation per 4 columns x 4 tokens.
#import mask-bits
override WG: u32 = 64u;
struct Params { C: u32, T4: u32, R: u32, branches: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read> a: array<vec4<f32>>;
var<storage, read_write> du: array<vec4<f32>>;
var<storage, read_write> dx: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = id.x;
  let c4 = id.y;
  if (t >= params.T4) { return; }
  var sum = mat4x4<f32>(); // column k: column 4·c4+k of A
  for (var z = 0u; z < params.branches; z++) {
    var y = mat4x4<f32>();
    for (var r = z * params.R; r < (z + 1u) * params.R; r++) {
      let v = du[r * params.T4 + t];
      let w = a[r * (params.C / 4u) + c4];
      y += mat4x4<f32>(v * w.x, v * w.y, v * w.z, v * w.w);
    }
    for (var k = 0u; k < 4u; k++) { sum[k] += select(vec4<f32>(), y[k], kept4(z, (4u * c4 + k) * params.T4 + t)); }
  }
  for (var k = 0u; k < 4u; k++) { dx[(4u * c4 + k) * params.T4 + t] += params.scale * sum[k]; }
}
