enable subgroups;
// Outer products over all tokens, see outer-one and outer-factors
// For CPU adapters with subgroups of 8. One workgroup is one subgroup and makes 32 p x 8 q: lane l has the rows
// p = l, 8+l, 16+l, 24+l, and loads the row q = l, which the lanes hand round (see matmul-subgroups).
#import subgroup-tile
#import operands

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let tile = tile_of(group, 32u, 8u);
  if (tile.p >= tile.p_end || tile.q >= tile.q_end) { return; }
  let p = tile.p + lane + vec4(0u, 8u, 16u, 24u);
  let row_p = (tile.long_row + min(p, vec4(tile.p_end - 1u))) * params.T4;
  let row_q = (tile.short_row + min(tile.q + lane, tile.q_end - 1u)) * params.T4;
  var sum0 = mat4x4<f32>(); // column k: result q+k for the four p
  var sum1 = mat4x4<f32>();
  for (var t = 0u; t < params.T4; t++) {
    let v = transpose(mat4x4<f32>(
      long4(tile, row_p.x + t), long4(tile, row_p.y + t), long4(tile, row_p.z + t), long4(tile, row_p.w + t),
    ));
    let w = short4(tile.is_a, row_q + t);
    sum0 = rows4(sum0, v, w, 0u);
    sum1 = rows4(sum1, v, w, 4u);
  }
  // One store that goes round: four side by side take lavapipe six times as long to compile.
  for (var i = 0u; i < 4u * min(8u, tile.q_end - tile.q); i++) {
    let k = i / 4u;
    let v = select(sum0[k % 4u], sum1[k % 4u], k >= 4u)[i % 4u];
    if (p[i % 4u] < tile.p_end) { add_to(tile.is_a, p[i % 4u], tile.q + k, v); }
  }
}
