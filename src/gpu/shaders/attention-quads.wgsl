enable subgroups;
// o[d,i] = Σ_j p[i,j]·v[d,j],  p[i,j] = 2^(s[i,j] - lse[i]),  s[i,j] = scale·Σ_d q[d,i]·k[d,j],  lse[i] = log2 Σ_j 2^s[i,j]
// in every head, over the keys that query i sees: max(segment_start[i], i - window + 1) ≤ j ≤ i
//   q, o (H·D,T) f32 · k, v (K·D,T) f32 · segment_start (T) u32, not decreasing · stats (2·H,T) f32: rows 0 … H-1 are lse
//   scale carries log2 e. Head h reads the keys of head h / heads_per_kv
// attention-subgroups for CPU adapters with subgroups of 4 (SwiftShader): one workgroup is one subgroup and makes 16 queries of a head
// over blocks of 16 keys. Lane l has queries and loads keys 4·l … +3, which the lanes hand round as quad-tile has it.
#import attention-block
#import from-quad
#import attention-operands

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
  var m = vec4(HIDDEN);
  var l = vec4(0.0);
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
    let m_new = max(m, max(max(top(s0), top(s1)), max(top(s2), top(s3))));
    let shrink = exp2(max(m - m_new, vec4(-126.0)));
    m = m_new;
    s0 = weigh4(s0, m); s1 = weigh4(s1, m); s2 = weigh4(s2, m); s3 = weigh4(s3, m);
    l = l * shrink + ((total(s0) + total(s1)) + (total(s2) + total(s3)));
    for (var d = 0u; d < params.D; d++) {
      let row = d * T4;
      let y = from_quad(v[at + row]);
      var sum = s0 * y[0] + s1 * y[1] + s2 * y[2] + s3 * y[3];
      if (j4 != begin) { sum += shrink * o[own + row]; }
      if (is_own) { o[own + row] = sum; }
    }
  }
  if (!is_own) { return; }
  for (var d = 0u; d < params.D; d++) { o[own + d * T4] /= l; }
  stats[h * T4 + t4] = m + log2(l);
}
