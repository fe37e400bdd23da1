enable subgroups;
// dq[d,i] = scale · Σ_j ds[i,j]·k[d,j],  ds = p·(dp - delta[i]),  dp[i,j] = Σ_d do[d,i]·v[d,j],  p as in attention-subgroups
//   q, do, o, dq (H·D,T) f32 · k, v (K·D,T) f32 · segment_start (T) u32 · stats (2·H,T) f32: lse, then delta
// dq is overwritten, and delta, which the other half of the backward pass reads
// For CPU adapters with subgroups of 8: one workgroup is one subgroup and makes 32 queries of a head over blocks of 32 keys.
#import attention-block-backward
#import attention-delta
#import attention-dq-operands

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let T4 = params.T4;
  let h = group.y;
  let first4 = 8u * group.x;
  let is_own = first4 + lane.x < T4;
  let t4 = min(first4 + lane.x, T4 - 1u);
  let own = h * params.D * T4 + t4;
  let other = (h / params.heads_per_kv) * params.D * T4;
  let i = 4u * t4 + vec4(0u, 1u, 2u, 3u);
  lean_from(i, vec4(h));
  let low = max(segment_start[t4], i + 1u - min(vec4(params.window), i + 1u));
  let begin = max(segment_start[first4].x, 4u * first4 + 1u - min(params.window, 4u * first4 + 1u)) / 4u;
  let lse = stats[h * T4 + t4];
  let delta = delta_of(own);
  if (is_own) { stats[(params.H + h) * T4 + t4] = delta; }
  for (var j4 = begin; j4 < min(first4 + 8u, T4); j4 += 8u) {
    let at = other + min(j4 + lane.x, T4 - 1u);
    var s0 = mat4x4<f32>(); var s1 = mat4x4<f32>(); var s2 = mat4x4<f32>(); var s3 = mat4x4<f32>();
    var s4 = mat4x4<f32>(); var s5 = mat4x4<f32>(); var s6 = mat4x4<f32>(); var s7 = mat4x4<f32>();
    for (var d = 0u; d < params.D; d++) {
      let x = q[own + d * T4] * params.scale;
      let y = k[at + d * T4];
      s0 = outer_add(s0, x, subgroupShuffle(y, 0u)); s1 = outer_add(s1, x, subgroupShuffle(y, 1u));
      s2 = outer_add(s2, x, subgroupShuffle(y, 2u)); s3 = outer_add(s3, x, subgroupShuffle(y, 3u));
      s4 = outer_add(s4, x, subgroupShuffle(y, 4u)); s5 = outer_add(s5, x, subgroupShuffle(y, 5u));
      s6 = outer_add(s6, x, subgroupShuffle(y, 6u)); s7 = outer_add(s7, x, subgroupShuffle(y, 7u));
    }
    let j = 4u * j4;
    s0 = hide(s0, j, low, i); s1 = hide(s1, j + 4u, low, i); s2 = hide(s2, j + 8u, low, i); s3 = hide(s3, j + 12u, low, i);
    s4 = hide(s4, j + 16u, low, i); s5 = hide(s5, j + 20u, low, i); s6 = hide(s6, j + 24u, low, i); s7 = hide(s7, j + 28u, low, i);
    var dp0 = mat4x4<f32>(); var dp1 = mat4x4<f32>(); var dp2 = mat4x4<f32>(); var dp3 = mat4x4<f32>();
    var dp4 = mat4x4<f32>(); var dp5 = mat4x4<f32>(); var dp6 = mat4x4<f32>(); var dp7 = mat4x4<f32>();
    for (var d = 0u; d < params.D; d++) {
      let x = d_o[own + d * T4];
      let y = v[at + d * T4];
      dp0 = outer_add(dp0, x, subgroupShuffle(y, 0u)); dp1 = outer_add(dp1, x, subgroupShuffle(y, 1u));
      dp2 = outer_add(dp2, x, subgroupShuffle(y, 2u)); dp3 = outer_add(dp3, x, subgroupShuffle(y, 3u));
      dp4 = outer_add(dp4, x, subgroupShuffle(y, 4u)); dp5 = outer_add(dp5, x, subgroupShuffle(y, 5u));
      dp6 = outer_add(dp6, x, subgroupShuffle(y, 6u)); dp7 = outer_add(dp7, x, subgroupShuffle(y, 7u));
    }
    s0 = query_gradient(s0, dp0, lse, delta); s1 = query_gradient(s1, dp1, lse, delta);
    s2 = query_gradient(s2, dp2, lse, delta); s3 = query_gradient(s3, dp3, lse, delta);
    s4 = query_gradient(s4, dp4, lse, delta); s5 = query_gradient(s5, dp5, lse, delta);
    s6 = query_gradient(s6, dp6, lse, delta); s7 = query_gradient(s7, dp7, lse, delta);
    for (var d = 0u; d < params.D; d++) {
      let row = d * T4;
      let y = k[at + row];
      var sum = s0 * subgroupShuffle(y, 0u) + s1 * subgroupShuffle(y, 1u) + s2 * subgroupShuffle(y, 2u) + s3 * subgroupShuffle(y, 3u);
      sum += s4 * subgroupShuffle(y, 4u) + s5 * subgroupShuffle(y, 5u) + s6 * subgroupShuffle(y, 6u) + s7 * subgroupShuffle(y, 7u);
      sum *= LN2 * params.scale;
      if (j4 != begin) { sum += dq[own + row]; }
      if (is_own) { dq[own + row] = sum; }
    }
  }
}
