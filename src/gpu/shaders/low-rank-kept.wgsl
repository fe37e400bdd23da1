// What flows back through dropout, see low-rank-kept-input.
// One invocation per 4 columns x 4 tokens.
#import low-rank-kept-input
override WG: u32 = 64u;

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
