// Outer products over all tokens, see outer-one and outer-factors
// For GPUs. One workgroup of 64 per 32 p x 8 q, 32 tokens at a time in workgroup memory; one invocation per p and 4 q.
#import operands
var<workgroup> long_tile: array<vec4<f32>, 288>; // 32 rows of 8, each followed by one that keeps rows off the same bank
var<workgroup> short_tile: array<vec4<f32>, 64>; // 8 rows of 8

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let tile = tile_of(group, 32u, 8u);
  if (tile.p >= tile.p_end || tile.q >= tile.q_end) { return; }
  let p = index % 32u;
  let q = 4u * (index / 32u);
  var sum = vec4<f32>();
  for (var begin = 0u; begin < params.T4; begin += 8u) {
    let t = begin + index % 8u;
    let is_in = t < params.T4;
    let t_in = min(t, params.T4 - 1u);
    for (var row = index / 8u; row < 32u; row += 8u) {
      let v = long4(tile, (tile.long_row + min(tile.p + row, tile.p_end - 1u)) * params.T4 + t_in);
      long_tile[9u * row + index % 8u] = select(vec4<f32>(), v, is_in);
    }
    let w = short4(tile.is_a, (tile.short_row + min(tile.q + index / 8u, tile.q_end - 1u)) * params.T4 + t_in);
    short_tile[index] = select(vec4<f32>(), w, is_in);
    workgroupBarrier();
    for (var k = 0u; k < 8u; k++) {
      let v = long_tile[9u * p + k];
      let i = 8u * q + k;
      sum += vec4(dot(v, short_tile[i]), dot(v, short_tile[i + 8u]), dot(v, short_tile[i + 16u]), dot(v, short_tile[i + 24u]));
    }
    workgroupBarrier();
  }
  if (tile.p + p >= tile.p_end) { return; }
  for (var k = 0u; k < 4u; k++) {
    if (tile.q + q + k < tile.q_end) { add_to(tile.is_a, tile.p + p, tile.q + q + k, sum[k]); }
  }
}
