enable subgroups;
// gradient[p·stride_p + q·stride_q] += scale · Σ_t long[p,t]·short[q,t]
//   long (P,T) · short (Q,T), rows from long_row and short_row of what is bound · gradient, all f32. P is the longer side, whichever factor it belongs to.
// For CPU adapters with subgroups of LANES = 8 or 4. One workgroup is one subgroup and makes 4·LANES p x LANES q: lane l has
// the rows p = l, LANES+l, 2·LANES+l, 3·LANES+l, and loads the row q = l, which the lanes hand round (see matmul-subgroups).
#import subgroup-tile
struct Params { P: u32, Q: u32, T4: u32, stride_p: u32, stride_q: u32, scale: f32, long_row: u32, short_row: u32 }
var<uniform> params: Params;
var<storage, read_write> long: array<vec4<f32>>;
var<storage, read_write> short: array<vec4<f32>>;
var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let p = 4u * LANES * group.x + lane + LANES * vec4(0u, 1u, 2u, 3u);
  let row_p = (params.long_row + min(p, vec4(params.P - 1u))) * params.T4;
  let q = LANES * group.y;
  let row_q = (params.short_row + min(q + lane, params.Q - 1u)) * params.T4;
  var sum0 = mat4x4<f32>(); // column k: result q+k for the four p
  var sum1 = mat4x4<f32>();
  for (var t = 0u; t < params.T4; t++) {
    let v = transpose(mat4x4<f32>(long[row_p.x + t], long[row_p.y + t], long[row_p.z + t], long[row_p.w + t]));
    let w = short[row_q + t];
    sum0 = rows4(sum0, v, w, 0u);
    if (LANES == 8u) { sum1 = rows4(sum1, v, w, 4u); }
  }
  for (var k = 0u; k < min(LANES, params.Q - q); k++) {
    let v = select(sum0[k % 4u], sum1[k % 4u], k >= 4u);
    for (var j = 0u; j < 4u; j++) {
      if (p[j] < params.P) { gradient[p[j] * params.stride_p + (q + k) * params.stride_q] += params.scale * v[j]; }
    }
  }
}
