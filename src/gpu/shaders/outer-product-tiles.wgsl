// gradient[p·stride_p + q·stride_q] += scale · Σ_t long[p,t]·short[q,t]
//   long (P,T) · short (Q,T), rows from long_row and short_row of what is bound · gradient, all f32. P is the longer side, whichever factor it belongs to.
// For GPUs. One workgroup of 64 per 32 p x 8 q, 32 tokens at a time in workgroup memory; one invocation per p and 4 q.
struct Params { P: u32, Q: u32, T4: u32, stride_p: u32, stride_q: u32, scale: f32, long_row: u32, short_row: u32 }
var<uniform> params: Params;
var<storage, read_write> long: array<vec4<f32>>;
var<storage, read_write> short: array<vec4<f32>>;
var<storage, read_write> gradient: array<f32>;
var<workgroup> long_tile: array<vec4<f32>, 288>; // 32 rows of 8, each followed by one that keeps rows off the same bank
var<workgroup> short_tile: array<vec4<f32>, 64>; // 8 rows of 8

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let p0 = 32u * group.x;
  let q0 = 8u * group.y;
  let p = index % 32u;
  let q = 4u * (index / 32u);
  var sum = vec4<f32>();
  for (var begin = 0u; begin < params.T4; begin += 8u) {
    let t = begin + index % 8u;
    let is_in = t < params.T4;
    for (var row = index / 8u; row < 32u; row += 8u) {
      let v = long[(params.long_row + min(p0 + row, params.P - 1u)) * params.T4 + min(t, params.T4 - 1u)];
      long_tile[9u * row + index % 8u] = select(vec4<f32>(), v, is_in);
    }
    let w = short[(params.short_row + min(q0 + index / 8u, params.Q - 1u)) * params.T4 + min(t, params.T4 - 1u)];
    short_tile[index] = select(vec4<f32>(), w, is_in);
    workgroupBarrier();
    for (var k = 0u; k < 8u; k++) {
      let v = long_tile[9u * p + k];
      let i = 8u * q + k;
      sum += vec4(dot(v, short_tile[i]), dot(v, short_tile[i + 8u]), dot(v, short_tile[i + 16u]), dot(v, short_tile[i + 24u]));
    }
    workgroupBarrier();
  }
  if (p0 + p >= params.P) { return; }
  for (var k = 0u; k < 4u; k++) {
    if (q0 + q + k < params.Q) { gradient[(p0 + p) * params.stride_p + (q0 + q + k) * params.stride_q] += params.scale * sum[k]; }
  }
}
