enable subgroups;
// dv[d,j] = Σ_h Σ_i p[i,j]·do[d,i],  dk[d,j] = scale · Σ_h Σ_i ds[i,j]·q[d,i],  ds and p as in attention-subgroups-dq
// over the query heads h of a key head and the queries that see key j: j ≤ i < min(segment_end[j], j + window)
//   q, do (H·D,T) f32 · k, v, dk, dv (K·D,T) f32 · segment_end (T) u32, not decreasing · stats (2·H,T) f32: lse, then delta
//   dk, dv are overwritten
// For CPU adapters with subgroups of 8: one workgroup is one subgroup and makes 32 keys of a key head over blocks of 32 queries.
#import attention-block-backward
#import attention-dkdv-operands

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let T4 = params.T4;
  let first4 = 8u * group.x;
  let is_own = first4 + lane.x < T4;
  let t4 = min(first4 + lane.x, T4 - 1u);
  let last4 = min(first4 + 7u, T4 - 1u);
  let own = group.y * params.D * T4 + t4;
  let j = 4u * t4 + vec4(0u, 1u, 2u, 3u);
  let high = min(segment_end[t4], j + params.window) - 1u;
  let end = min(segment_end[last4].w, 4u * last4 + 3u + params.window);
  for (var g = 0u; g < params.heads_per_kv; g++) {
    let h = group.y * params.heads_per_kv + g;
    lean_from(j, vec4(h));
    for (var i4 = first4; 4u * i4 < end; i4 += 8u) {
      let column = min(i4 + lane.x, T4 - 1u);
      let at = h * params.D * T4 + column;
      var s0 = mat4x4<f32>(); var s1 = mat4x4<f32>(); var s2 = mat4x4<f32>(); var s3 = mat4x4<f32>();
      var s4 = mat4x4<f32>(); var s5 = mat4x4<f32>(); var s6 = mat4x4<f32>(); var s7 = mat4x4<f32>();
      for (var d = 0u; d < params.D; d++) {
        let x = k[own + d * T4] * params.scale;
        let y = q[at + d * T4];
        s0 = outer_add(s0, x, subgroupShuffle(y, 0u)); s1 = outer_add(s1, x, subgroupShuffle(y, 1u));
        s2 = outer_add(s2, x, subgroupShuffle(y, 2u)); s3 = outer_add(s3, x, subgroupShuffle(y, 3u));
        s4 = outer_add(s4, x, subgroupShuffle(y, 4u)); s5 = outer_add(s5, x, subgroupShuffle(y, 5u));
        s6 = outer_add(s6, x, subgroupShuffle(y, 6u)); s7 = outer_add(s7, x, subgroupShuffle(y, 7u));
      }
      let i = 4u * i4;
      let lse = stats[h * T4 + column];
      s0 = key_weights(hide(s0, i, j, high), subgroupShuffle(lse, 0u)); s1 = key_weights(hide(s1, i + 4u, j, high), subgroupShuffle(lse, 1u));
      s2 = key_weights(hide(s2, i + 8u, j, high), subgroupShuffle(lse, 2u)); s3 = key_weights(hide(s3, i + 12u, j, high), subgroupShuffle(lse, 3u));
      s4 = key_weights(hide(s4, i + 16u, j, high), subgroupShuffle(lse, 4u)); s5 = key_weights(hide(s5, i + 20u, j, high), subgroupShuffle(lse, 5u));
      s6 = key_weights(hide(s6, i + 24u, j, high), subgroupShuffle(lse, 6u)); s7 = key_weights(hide(s7, i + 28u, j, high), subgroupShuffle(lse, 7u));
      var dp0 = mat4x4<f32>(); var dp1 = mat4x4<f32>(); var dp2 = mat4x4<f32>(); var dp3 = mat4x4<f32>();
      var dp4 = mat4x4<f32>(); var dp5 = mat4x4<f32>(); var dp6 = mat4x4<f32>(); var dp7 = mat4x4<f32>();
      for (var d = 0u; d < params.D; d++) {
        let x = v[own + d * T4];
        let y = d_o[at + d * T4];
        dp0 = outer_add(dp0, x, subgroupShuffle(y, 0u)); dp1 = outer_add(dp1, x, subgroupShuffle(y, 1u));
        dp2 = outer_add(dp2, x, subgroupShuffle(y, 2u)); dp3 = outer_add(dp3, x, subgroupShuffle(y, 3u));
        dp4 = outer_add(dp4, x, subgroupShuffle(y, 4u)); dp5 = outer_add(dp5, x, subgroupShuffle(y, 5u));
        dp6 = outer_add(dp6, x, subgroupShuffle(y, 6u)); dp7 = outer_add(dp7, x, subgroupShuffle(y, 7u));
      }
      let delta = stats[(params.H + h) * T4 + column];
      dp0 = key_gradient(s0, dp0, subgroupShuffle(delta, 0u)); dp1 = key_gradient(s1, dp1, subgroupShuffle(delta, 1u));
      dp2 = key_gradient(s2, dp2, subgroupShuffle(delta, 2u)); dp3 = key_gradient(s3, dp3, subgroupShuffle(delta, 3u));
      dp4 = key_gradient(s4, dp4, subgroupShuffle(delta, 4u)); dp5 = key_gradient(s5, dp5, subgroupShuffle(delta, 5u));
      dp6 = key_gradient(s6, dp6, subgroupShuffle(delta, 6u)); dp7 = key_gradient(s7, dp7, subgroupShuffle(delta, 7u));
      let is_first = g == 0u && i4 == first4;
      for (var d = 0u; d < params.D; d++) {
        let row = d * T4;
        let y = d_o[at + row];
        var v_sum = s0 * subgroupShuffle(y, 0u) + s1 * subgroupShuffle(y, 1u) + s2 * subgroupShuffle(y, 2u) + s3 * subgroupShuffle(y, 3u);
        v_sum += s4 * subgroupShuffle(y, 4u) + s5 * subgroupShuffle(y, 5u) + s6 * subgroupShuffle(y, 6u) + s7 * subgroupShuffle(y, 7u);
        if (!is_first) { v_sum += dv[own + row]; }
        if (is_own) { dv[own + row] = v_sum; }
      }
      for (var d = 0u; d < params.D; d++) {
        let row = d * T4;
        let y = q[at + row];
        var k_sum = dp0 * subgroupShuffle(y, 0u) + dp1 * subgroupShuffle(y, 1u) + dp2 * subgroupShuffle(y, 2u) + dp3 * subgroupShuffle(y, 3u);
        k_sum += dp4 * subgroupShuffle(y, 4u) + dp5 * subgroupShuffle(y, 5u) + dp6 * subgroupShuffle(y, 6u) + dp7 * subgroupShuffle(y, 7u);
        k_sum *= LN2 * params.scale;
        if (!is_first) { k_sum += dk[own + row]; }
        if (is_own) { dk[own + row] = k_sum; }
      }
    }
  }
}
