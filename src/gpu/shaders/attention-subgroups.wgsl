enable subgroups;
// o[d,i] = Σ_j p[i,j]·v[d,j],  p[i,j] = 2^(s[i,j] - lse[i]),  s[i,j] = scale·Σ_d q[d,i]·k[d,j],  lse[i] = log2 Σ_j 2^s[i,j]
// in every head, over the keys that query i sees: max(segment_start[i], i - window + 1) ≤ j ≤ i
//   q, o (H·D,T) f32 · k, v (K·D,T) f32 · segment_start (T) u32, not decreasing · stats (2·H,T) f32: rows 0 … H-1 are lse
//   scale carries log2 e. Head h reads the keys of head h / heads_per_kv
// For CPU adapters with subgroups of 8. One workgroup is one subgroup and makes 32 queries of a head over
// blocks of 32 keys: lane l has queries and loads keys 4·l …+3, and the lanes hand the keys round (see matmul-subgroups).
// Versions tried (processor ms on llvmpipe, H=9 K=3 D=64 T=256 | H=8 K=4 D=32 T=4·128; a busy machine, least of 40 runs):
//                                                           forward       dq           dk, dv
//   4 queries x 16 keys, lanes over heads and tokens        14.5 | 7.2    20.4 | 10.8   23.8 | 11.3
//   4 queries x 16 keys, lanes over tokens (-columns)        9.1 | 4.5    16.0 |  6.7   18.1 |  9.1
//   this: lanes hand 32 keys round                           3.6 | 1.9     5.7 |  2.9    7.0 |  3.5
// The running sum lies in o itself, since a private array of D vec4 that a loop indexes is slower than memory.
#import attention-block
#import attention-operands

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
  var m = vec4(HIDDEN);
  var l = vec4(0.0);
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
    let m_new = max(m, max(max(max(top(s0), top(s1)), max(top(s2), top(s3))), max(max(top(s4), top(s5)), max(top(s6), top(s7)))));
    let shrink = exp2(max(m - m_new, vec4(-126.0)));
    m = m_new;
    s0 = weigh4(s0, m); s1 = weigh4(s1, m); s2 = weigh4(s2, m); s3 = weigh4(s3, m);
    s4 = weigh4(s4, m); s5 = weigh4(s5, m); s6 = weigh4(s6, m); s7 = weigh4(s7, m);
    l = l * shrink + ((total(s0) + total(s1)) + (total(s2) + total(s3))) + ((total(s4) + total(s5)) + (total(s6) + total(s7)));
    for (var d = 0u; d < params.D; d++) {
      let row = d * T4;
      let y = v[at + row];
      var sum = s0 * subgroupShuffle(y, 0u) + s1 * subgroupShuffle(y, 1u) + s2 * subgroupShuffle(y, 2u) + s3 * subgroupShuffle(y, 3u);
      sum += s4 * subgroupShuffle(y, 4u) + s5 * subgroupShuffle(y, 5u) + s6 * subgroupShuffle(y, 6u) + s7 * subgroupShuffle(y, 7u);
      if (j4 != begin) { sum += shrink * o[own + row]; }
      if (is_own) { o[own + row] = sum; }
    }
  }
  if (!is_own) { return; }
  for (var d = 0u; d < params.D; d++) { o[own + d * T4] /= l; }
  stats[h * T4 + t4] = m + log2(l);
}
