// dq[d,i] = scale · Σ_j ds[i,j]·k[d,j],  ds = p·(dp - delta[i]),  dp[i,j] = Σ_d do[d,i]·v[d,j],  p as in attention-tile
//   q, do, o, dq (H·D,T) f32 · k, v (K·D,T) f32 · segment_start (T) u32 · stats (2·H,T) f32: lse, then delta
// dq is overwritten, and delta, which the other half of the backward pass reads
// For GPUs. One workgroup per head and 4·OWN4 queries, as in attention-tile.
#import attention-tile-block
#import attention-block-backward
#import attention-delta
#import attention-dq-operands

@compute @workgroup_size(OWN4, 8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) lane: vec3<u32>, @builtin(local_invocation_index) index: u32,
) {
  let T4 = params.T4;
  let h = group.y;
  let first4 = (groups.x - 1u - group.x) * OWN4;
  let t4 = min(first4 + lane.x, T4 - 1u);
  let row = h * params.D;
  let kv_row = (h / params.heads_per_kv) * params.D;
  let i = 4u * t4 + vec4(0u, 1u, 2u, 3u);
  lean_from(i, vec4(h));
  let low = max(segment_start[t4], i + 1u - min(vec4(params.window), i + 1u));
  let begin = max(segment_start[first4].x, 4u * first4 + 1u - min(params.window, 4u * first4 + 1u)) / 4u;
  let lse = stats[h * T4 + t4];
  let delta = delta_of(row * T4 + t4);
  if (lane.y == 0u && first4 + lane.x < T4) { stats[(params.H + h) * T4 + t4] = delta; }
  var sums = array<mat4x4<f32>, CHUNKS>();
  for (var j4 = begin; j4 < min(first4 + OWN4, T4); j4 += 8u) {
    var s = mat4x4<f32>();
    var dp = mat4x4<f32>();
    for (var c = 0u; 32u * c < params.D; c++) {
      workgroupBarrier();
      for (var n = index; n < OWN_CELLS; n += LANES) { own_tile[n] = q[own_cell(n, row, c, first4)]; }
      for (var n = index; n < OTHER_CELLS; n += LANES) { other_tile[n] = k[other_cell(n, kv_row, c, j4)]; }
      workgroupBarrier();
      s = score_chunk(s, c, lane);
      workgroupBarrier();
      for (var n = index; n < OWN_CELLS; n += LANES) { own_tile[n] = d_o[own_cell(n, row, c, first4)]; }
      for (var n = index; n < OTHER_CELLS; n += LANES) { other_tile[n] = v[other_cell(n, kv_row, c, j4)]; }
      workgroupBarrier();
      dp = score_chunk(dp, c, lane);
    }
    let ds = query_gradient(hide(s * params.scale, 4u * (j4 + lane.y), low, i), dp, lse, delta);
    workgroupBarrier();
    keep_weights(ds, lane);
    for (var c = 0u; 32u * c < params.D; c++) {
      workgroupBarrier();
      for (var n = index; n < OTHER_CELLS; n += LANES) { other_tile[n] = k[other_cell(n, kv_row, c, j4)]; }
      workgroupBarrier();
      sums[c] = mix_chunk(sums[c], lane);
    }
  }
  if (first4 + lane.x >= T4) { return; }
  for (var c = 0u; 32u * c < params.D; c++) {
    for (var r = 0u; r < 4u; r++) {
      let d = 32u * c + 4u * lane.y + r;
      if (d < params.D) { dq[(row + d) * T4 + t4] = LN2 * params.scale * sums[c][r]; }
    }
  }
}
