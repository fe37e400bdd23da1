enable subgroups;
// dv[d,j] = Σ_h Σ_i p[i,j]·do[d,i],  dk[d,j] = scale · Σ_h Σ_i ds[i,j]·q[d,i],  ds and p as in attention-subgroups-dq
// over the query heads h of a key head and the queries that see key j: j ≤ i < min(segment_end[j], j + window)
//   q, do (H·D,T) f32 · k, v, dk, dv (K·D,T) f32 · segment_end (T) u32, not decreasing · stats (2·H,T) f32: lse, then delta
//   dk, dv are overwritten
// For CPU adapters with subgroups of 4, as attention-quads.
#import attention-block-backward
#import from-quad
#import attention-dkdv-operands

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let T4 = params.T4;
  let first4 = 4u * group.x;
  let is_own = first4 + lane.x < T4;
  let t4 = min(first4 + lane.x, T4 - 1u);
  let last4 = min(first4 + 3u, T4 - 1u);
  let own = group.y * params.D * T4 + t4;
  let j = 4u * t4 + vec4(0u, 1u, 2u, 3u);
  let high = min(segment_end[t4], j + params.window) - 1u;
  let end = min(segment_end[last4].w, 4u * last4 + 3u + params.window);
  for (var g = 0u; g < params.heads_per_kv; g++) {
    let h = group.y * params.heads_per_kv + g;
    lean_from(j, vec4(h));
    for (var i4 = first4; 4u * i4 < end; i4 += 4u) {
      let column = min(i4 + lane.x, T4 - 1u);
      let at = h * params.D * T4 + column;
      var s0 = mat4x4<f32>(); var s1 = mat4x4<f32>(); var s2 = mat4x4<f32>(); var s3 = mat4x4<f32>();
      for (var d = 0u; d < params.D; d++) {
        let x = k[own + d * T4] * params.scale;
        let y = from_quad(q[at + d * T4]);
        s0 = outer_add(s0, x, y[0]); s1 = outer_add(s1, x, y[1]); s2 = outer_add(s2, x, y[2]); s3 = outer_add(s3, x, y[3]);
      }
      let i = 4u * (i4 + (vec4(lane.x) ^ vec4(0u, 1u, 2u, 3u)));
      let lse = from_quad(stats[h * T4 + column]);
      s0 = key_weights(hide(s0, i.x, j, high), lse[0]); s1 = key_weights(hide(s1, i.y, j, high), lse[1]);
      s2 = key_weights(hide(s2, i.z, j, high), lse[2]); s3 = key_weights(hide(s3, i.w, j, high), lse[3]);
      var dp0 = mat4x4<f32>(); var dp1 = mat4x4<f32>(); var dp2 = mat4x4<f32>(); var dp3 = mat4x4<f32>();
      for (var d = 0u; d < params.D; d++) {
        let x = v[own + d * T4];
        let y = from_quad(d_o[at + d * T4]);
        dp0 = outer_add(dp0, x, y[0]); dp1 = outer_add(dp1, x, y[1]); dp2 = outer_add(dp2, x, y[2]); dp3 = outer_add(dp3, x, y[3]);
      }
      let delta = from_quad(stats[(params.H + h) * T4 + column]);
      dp0 = key_gradient(s0, dp0, delta[0]); dp1 = key_gradient(s1, dp1, delta[1]);
      dp2 = key_gradient(s2, dp2, delta[2]); dp3 = key_gradient(s3, dp3, delta[3]);
      let is_first = g == 0u && i4 == first4;
      for (var d = 0u; d < params.D; d++) {
        let row = d * T4;
        let y = from_quad(d_o[at + row]);
        var v_sum = s0 * y[0] + s1 * y[1] + s2 * y[2] + s3 * y[3];
        if (!is_first) { v_sum += dv[own + row]; }
        if (is_own) { dv[own + row] = v_sum; }
      }
      for (var d = 0u; d < params.D; d++) {
        let row = d * T4;
        let y = from_quad(q[at + row]);
        var k_sum = dp0 * y[0] + dp1 * y[1] + dp2 * y[2] + dp3 * y[3];
        k_sum *= LN2 * params.scale;
        if (!is_first) { k_sum += dk[own + row]; }
        if (is_own) { dk[own + row] = k_sum; }
      }
    }
  }
}
