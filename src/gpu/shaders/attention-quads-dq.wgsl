enable subgroups;
// dq[d,i] = scale · Σ_j ds[i,j]·k[d,j],  ds = p·(dp - delta[i]),  dp[i,j] = Σ_d do[d,i]·v[d,j],  p as in attention-subgroups
//   q, do, o, dq (H·D,T) f32 · k, v (K·D,T) f32 · segment_start (T) u32 · stats (2·H,T) f32: lse, then delta
// dq is overwritten, and delta, which the other half of the backward pass reads
// For CPU adapters with subgroups of 4, as attention-quads.
#import attention-block-backward
#import attention-delta
#import from-quad
#import attention-dq-operands

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let T4 = params.T4;
  let h = group.y;
  let first4 = 4u * group.x;
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
  for (var j4 = begin; j4 < min(first4 + 4u, T4); j4 += 4u) {
    let at = other + min(j4 + lane.x, T4 - 1u);
    var s0 = mat4x4<f32>(); var s1 = mat4x4<f32>(); var s2 = mat4x4<f32>(); var s3 = mat4x4<f32>();
    for (var d = 0u; d < params.D; d++) {
      let x = q[own + d * T4] * params.scale;
      let y = from_quad(k[at + d * T4]);
      s0 = outer_add(s0, x, y[0]); s1 = outer_add(s1, x, y[1]); s2 = outer_add(s2, x, y[2]); s3 = outer_add(s3, x, y[3]);
    }
    let j = 4u * (j4 + (vec4(lane.x) ^ vec4(0u, 1u, 2u, 3u)));
    s0 = hide(s0, j.x, low, i); s1 = hide(s1, j.y, low, i); s2 = hide(s2, j.z, low, i); s3 = hide(s3, j.w, low, i);
    var dp0 = mat4x4<f32>(); var dp1 = mat4x4<f32>(); var dp2 = mat4x4<f32>(); var dp3 = mat4x4<f32>();
    for (var d = 0u; d < params.D; d++) {
      let x = d_o[own + d * T4];
      let y = from_quad(v[at + d * T4]);
      dp0 = outer_add(dp0, x, y[0]); dp1 = outer_add(dp1, x, y[1]); dp2 = outer_add(dp2, x, y[2]); dp3 = outer_add(dp3, x, y[3]);
    }
    s0 = query_gradient(s0, dp0, lse, delta); s1 = query_gradient(s1, dp1, lse, delta);
    s2 = query_gradient(s2, dp2, lse, delta); s3 = query_gradient(s3, dp3, lse, delta);
    for (var d = 0u; d < params.D; d++) {
      let row = d * T4;
      let y = from_quad(k[at + row]);
      var sum = s0 * y[0] + s1 * y[1] + s2 * y[2] + s3 * y[3];
      sum *= LN2 * params.scale;
      if (j4 != begin) { sum += dq[own + row]; }
      if (is_own) { dq[own + row] = sum; }
    }
  }
}
