enable subgroups;
// Outer products over all tokens, see outer-one and outer-factors
// For CPU adapters with subgroups of 4 (SwiftShader). One workgroup is one subgroup and makes 16 p x 8 q: lane l has the rows
// p = l, 4+l, 8+l, 12+l, and loads the rows q = l and 4+l, which the lanes hand round (see quad-tile).
#import quad-tile
#import operands

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let tile = tile_of(group, 16u, 8u);
  if (tile.p >= tile.p_end || tile.q >= tile.q_end) { return; }
  let p = tile.p + lane + vec4(0u, 4u, 8u, 12u);
  let row_p = (tile.long_row + min(p, vec4(tile.p_end - 1u))) * params.T4;
  let row_q = (tile.short_row + min(tile.q + lane + vec2(0u, 4u), vec2(tile.q_end - 1u))) * params.T4;
  var low = mat4x4<f32>(); // column k: result q + lane ^ k for the four p
  var high = mat4x4<f32>(); // q + 4 + lane ^ k
  for (var t = 0u; t < params.T4; t++) {
    let v = transpose(mat4x4<f32>(
      long4(tile, row_p.x + t), long4(tile, row_p.y + t), long4(tile, row_p.z + t), long4(tile, row_p.w + t),
    ));
    low = add4(low, v, from_quad(short4(tile.is_a, row_q.x + t)));
    high = add4(high, v, from_quad(short4(tile.is_a, row_q.y + t)));
  }
  for (var k = 0u; k < 8u; k++) {
    let q = tile.q + (k & 4u) + (lane ^ (k % 4u));
    let v = select(low[k % 4u], high[k % 4u], k >= 4u);
    for (var j = 0u; j < 4u; j++) {
      if (q < tile.q_end && p[j] < tile.p_end) { add_to(tile.is_a, p[j], q, v[j]); }
    }
  }
}
