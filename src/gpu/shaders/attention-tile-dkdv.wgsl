// dv[d,j] = Σ_h Σ_i p[i,j]·do[d,i],  dk[d,j] = scale · Σ_h Σ_i ds[i,j]·q[d,i],  ds and p as in attention-tile-dq
// over the query heads h of a key head and the queries that see key j: j ≤ i < min(segment_end[j], j + window)
//   q, do (H·D,T) f32 · k, v, dk, dv (K·D,T) f32 · segment_end (T) u32, not decreasing · stats (2·H,T) f32: lse, then delta
//   dk, dv are overwritten
// For GPUs. One workgroup per key head and 4·OWN4 keys: no atomics, no copies of k and v, a fixed order of every sum.
#import attention-tile-block
#import attention-block-backward
#import attention-dkdv-operands

@compute @workgroup_size(OWN4, 8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let T4 = params.T4;
  let first4 = group.x * OWN4;
  let t4 = min(first4 + lane.x, T4 - 1u);
  let last4 = min(first4 + OWN4 - 1u, T4 - 1u);
  let kv_row = group.y * params.D;
  let j = 4u * t4 + vec4(0u, 1u, 2u, 3u);
  let high = min(segment_end[t4], j + params.window) - 1u;
  let end = min(segment_end[last4].w, 4u * last4 + 3u + params.window);
  var k_sums = array<mat4x4<f32>, CHUNKS>();
  var v_sums = array<mat4x4<f32>, CHUNKS>();
  for (var g = 0u; g < params.heads_per_kv; g++) {
    let h = group.y * params.heads_per_kv + g;
    lean_from(j, vec4(h));
    let row = h * params.D;
    for (var i4 = first4; 4u * i4 < end; i4 += 8u) {
      var s = mat4x4<f32>();
      var dp = mat4x4<f32>();
      for (var c = 0u; 32u * c < params.D; c++) {
        workgroupBarrier();
        for (var n = index; n < OWN_CELLS; n += LANES) { own_tile[n] = k[own_cell(n, kv_row, c, first4)]; }
        for (var n = index; n < OTHER_CELLS; n += LANES) { other_tile[n] = q[other_cell(n, row, c, i4)]; }
        workgroupBarrier();
        s = score_chunk(s, c, lane);
        workgroupBarrier();
        for (var n = index; n < OWN_CELLS; n += LANES) { own_tile[n] = v[own_cell(n, kv_row, c, first4)]; }
        for (var n = index; n < OTHER_CELLS; n += LANES) { other_tile[n] = d_o[other_cell(n, row, c, i4)]; }
        workgroupBarrier();
        dp = score_chunk(dp, c, lane);
      }
      let column = min(i4 + lane.y, T4 - 1u);
      let p = key_weights(hide(s * params.scale, 4u * (i4 + lane.y), j, high), stats[h * T4 + column]);
      workgroupBarrier();
      keep_weights(p, lane);
      for (var c = 0u; 32u * c < params.D; c++) {
        workgroupBarrier();
        for (var n = index; n < OTHER_CELLS; n += LANES) { other_tile[n] = d_o[other_cell(n, row, c, i4)]; }
        workgroupBarrier();
        v_sums[c] = mix_chunk(v_sums[c], lane);
      }
      workgroupBarrier();
      keep_weights(key_gradient(p, dp, stats[(params.H + h) * T4 + column]), lane);
      for (var c = 0u; 32u * c < params.D; c++) {
        workgroupBarrier();
        for (var n = index; n < OTHER_CELLS; n += LANES) { other_tile[n] = q[other_cell(n, row, c, i4)]; }
        workgroupBarrier();
        k_sums[c] = mix_chunk(k_sums[c], lane);
      }
    }
  }
  if (first4 + lane.x >= T4) { return; }
  for (var c = 0u; 32u * c < params.D; c++) {
    for (var r = 0u; r < 4u; r++) {
      let d = 32u * c + 4u * lane.y + r;
      if (d < params.D) {
        dk[(kv_row + d) * T4 + t4] = LN2 * params.scale * k_sums[c][r];
        dv[(kv_row + d) * T4 + t4] = v_sums[c][r];
      }
    }
  }
}
