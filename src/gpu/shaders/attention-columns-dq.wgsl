// dq[d,i] = scale · Σ_j ds[i,j]·k[d,j],  ds = p·(dp - delta[i]),  dp[i,j] = Σ_d do[d,i]·v[d,j],  p as in attention-columns
//   q, do, o, dq (H·D,T) f32 · k, v (K·D,T) f32 · segment_start (T) u32 · stats (2·H,T) f32: lse, then delta
// dq is overwritten, and delta, which the other half of the backward pass reads
// For CPU adapters: no workgroup memory. One invocation per head and four queries, over blocks of 16 keys.
#import attention-block-backward
#import attention-delta
override WG: u32 = 8u;
#import attention-dq-operands
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let T4 = params.T4;
  let h = group.y;
  let t4 = group.x * WG + lane.x;
  if (t4 >= T4) { return; }
  let own = h * params.D * T4 + t4;
  let other = (h / params.heads_per_kv) * params.D * T4;
  let i = 4u * t4 + vec4(0u, 1u, 2u, 3u);
  lean_from(i, vec4(h));
  let low = max(segment_start[t4], i + 1u - min(vec4(params.window), i + 1u));
  let first = min(min(low.x, low.y), min(low.z, low.w)) / 4u;
  let lse = stats[h * T4 + t4];
  let delta = delta_of(own);
  stats[(params.H + h) * T4 + t4] = delta;
  for (var j4 = first; j4 <= t4; j4 += 4u) {
    let at = other + min(j4 + vec4(0u, 1u, 2u, 3u), vec4(T4 - 1u));
    var s0 = mat4x4<f32>(); var s1 = mat4x4<f32>(); var s2 = mat4x4<f32>(); var s3 = mat4x4<f32>();
    for (var d = 0u; d < params.D; d++) {
      let row = d * T4;
      let x = q[own + row] * params.scale;
      s0 = outer_add(s0, x, k[at.x + row]); s1 = outer_add(s1, x, k[at.y + row]);
      s2 = outer_add(s2, x, k[at.z + row]); s3 = outer_add(s3, x, k[at.w + row]);
    }
    var dp0 = mat4x4<f32>(); var dp1 = mat4x4<f32>(); var dp2 = mat4x4<f32>(); var dp3 = mat4x4<f32>();
    for (var d = 0u; d < params.D; d++) {
      let row = d * T4;
      let x = d_o[own + row];
      dp0 = outer_add(dp0, x, v[at.x + row]); dp1 = outer_add(dp1, x, v[at.y + row]);
      dp2 = outer_add(dp2, x, v[at.z + row]); dp3 = outer_add(dp3, x, v[at.w + row]);
    }
    let ds0 = query_gradient(hide(s0, 4u * j4, low, i), dp0, lse, delta);
    let ds1 = query_gradient(hide(s1, 4u * j4 + 4u, low, i), dp1, lse, delta);
    let ds2 = query_gradient(hide(s2, 4u * j4 + 8u, low, i), dp2, lse, delta);
    let ds3 = query_gradient(hide(s3, 4u * j4 + 12u, low, i), dp3, lse, delta);
    for (var d = 0u; d < params.D; d++) {
      let row = d * T4;
      let sum = ds0 * k[at.x + row] + ds1 * k[at.y + row] + ds2 * k[at.z + row] + ds3 * k[at.w + row];
      let before = select(dq[own + row], vec4(0.0), j4 == first);
      dq[own + row] = before + LN2 * params.scale * sum;
    }
  }
}
