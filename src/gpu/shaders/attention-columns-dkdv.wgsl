// dv[d,j] = Σ_h Σ_i p[i,j]·do[d,i],  dk[d,j] = scale · Σ_h Σ_i ds[i,j]·q[d,i],  ds and p as in attention-columns-dq
// over the query heads h of a key head and the queries that see key j: j ≤ i < min(segment_end[j], j + window)
//   q, do (H·D,T) f32 · k, v, dk, dv (K·D,T) f32 · segment_end (T) u32 · stats (2·H,T) f32: lse, then delta. dk, dv are overwritten
// For CPU adapters: no workgroup memory, no atomics. One invocation per key head and four keys, over blocks of 16 queries.
#import attention-block-backward
override WG: u32 = 8u;
#import attention-dkdv-operands
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let T4 = params.T4;
  let t4 = group.x * WG + lane.x;
  if (t4 >= T4) { return; }
  let own = group.y * params.D * T4 + t4;
  let j = 4u * t4 + vec4(0u, 1u, 2u, 3u);
  let high = min(segment_end[t4], j + params.window) - 1u;
  let last = max(max(high.x, high.y), max(high.z, high.w)) / 4u;
  for (var g = 0u; g < params.heads_per_kv; g++) {
    let h = group.y * params.heads_per_kv + g;
    lean_from(j, vec4(h));
    let other = h * params.D * T4;
    for (var i4 = t4; i4 <= last; i4 += 4u) {
      let column = min(i4 + vec4(0u, 1u, 2u, 3u), vec4(T4 - 1u));
      let at = other + column;
      var s0 = mat4x4<f32>(); var s1 = mat4x4<f32>(); var s2 = mat4x4<f32>(); var s3 = mat4x4<f32>();
      for (var d = 0u; d < params.D; d++) {
        let row = d * T4;
        let x = k[own + row] * params.scale;
        s0 = outer_add(s0, x, q[at.x + row]); s1 = outer_add(s1, x, q[at.y + row]);
        s2 = outer_add(s2, x, q[at.z + row]); s3 = outer_add(s3, x, q[at.w + row]);
      }
      let lse = h * T4 + column;
      let p0 = key_weights(hide(s0, 4u * i4, j, high), stats[lse.x]);
      let p1 = key_weights(hide(s1, 4u * i4 + 4u, j, high), stats[lse.y]);
      let p2 = key_weights(hide(s2, 4u * i4 + 8u, j, high), stats[lse.z]);
      let p3 = key_weights(hide(s3, 4u * i4 + 12u, j, high), stats[lse.w]);
      var dp0 = mat4x4<f32>(); var dp1 = mat4x4<f32>(); var dp2 = mat4x4<f32>(); var dp3 = mat4x4<f32>();
      for (var d = 0u; d < params.D; d++) {
        let row = d * T4;
        let x = v[own + row];
        dp0 = outer_add(dp0, x, d_o[at.x + row]); dp1 = outer_add(dp1, x, d_o[at.y + row]);
        dp2 = outer_add(dp2, x, d_o[at.z + row]); dp3 = outer_add(dp3, x, d_o[at.w + row]);
      }
      let delta = lse + params.H * T4;
      let ds0 = key_gradient(p0, dp0, stats[delta.x]); let ds1 = key_gradient(p1, dp1, stats[delta.y]);
      let ds2 = key_gradient(p2, dp2, stats[delta.z]); let ds3 = key_gradient(p3, dp3, stats[delta.w]);
      let is_first = g == 0u && i4 == t4;
      for (var d = 0u; d < params.D; d++) {
        let row = d * T4;
        let v_sum = p0 * d_o[at.x + row] + p1 * d_o[at.y + row] + p2 * d_o[at.z + row] + p3 * d_o[at.w + row];
        let k_sum = ds0 * q[at.x + row] + ds1 * q[at.y + row] + ds2 * q[at.z + row] + ds3 * q[at.w + row];
        dv[own + row] = select(dv[own + row], vec4(0.0), is_first) + v_sum;
        dk[own + row] = select(dk[own + row], vec4(0.0), is_first) + LN2 * params.scale * k_sum;
      }
    }
  }
}
