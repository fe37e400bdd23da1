// o[d,i] = Σ_j p[i,j]·v[d,j],  p[i,j] = 2^(s[i,j] - lse[i]),  s[i,j] = scale·Σ_d q[d,i]·k[d,j],  lse[i] = log2 Σ_j 2^s[i,j]
// in every head, over the keys that query i sees: max(segment_start[i], i - window + 1) ≤ j ≤ i
//   q, o (H·D,T) f32 · k, v (K·D,T) f32 · segment_start (T) u32 · stats (2·H,T) f32: rows 0 … H-1 are lse
//   scale carries log2 e. Head h reads the keys of head h / heads_per_kv
// For CPU adapters: no workgroup memory. One invocation per head and four queries, over blocks of 16 keys; the running sum
// lies in o itself, since a private array of D vec4 that a loop indexes is slower than memory.
#import attention-block
override WG: u32 = 8u;
#import attention-operands

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
  var m = vec4(HIDDEN);
  var l = vec4(0.0);
  for (var j4 = first; j4 <= t4; j4 += 4u) {
    let at = other + min(j4 + vec4(0u, 1u, 2u, 3u), vec4(T4 - 1u));
    var s0 = mat4x4<f32>(); var s1 = mat4x4<f32>(); var s2 = mat4x4<f32>(); var s3 = mat4x4<f32>();
    for (var d = 0u; d < params.D; d++) {
      let row = d * T4;
      let x = q[own + row] * params.scale;
      s0 = outer_add(s0, x, k[at.x + row]); s1 = outer_add(s1, x, k[at.y + row]);
      s2 = outer_add(s2, x, k[at.z + row]); s3 = outer_add(s3, x, k[at.w + row]);
    }
    s0 = hide(s0, 4u * j4, low, i); s1 = hide(s1, 4u * j4 + 4u, low, i);
    s2 = hide(s2, 4u * j4 + 8u, low, i); s3 = hide(s3, 4u * j4 + 12u, low, i);
    let m_new = max(m, max(max(top(s0), top(s1)), max(top(s2), top(s3))));
    let shrink = exp2(max(m - m_new, vec4(-126.0)));
    m = m_new;
    let p0 = weigh4(s0, m); let p1 = weigh4(s1, m); let p2 = weigh4(s2, m); let p3 = weigh4(s3, m);
    l = l * shrink + ((total(p0) + total(p1)) + (total(p2) + total(p3)));
    for (var d = 0u; d < params.D; d++) {
      let row = d * T4;
      var sum = p0 * v[at.x + row] + p1 * v[at.y + row] + p2 * v[at.z + row] + p3 * v[at.w + row];
      if (j4 != first) { sum += shrink * o[own + row]; }
      o[own + row] = sum;
    }
  }
  for (var d = 0u; d < params.D; d++) { o[own + d * T4] /= l; }
  stats[h * T4 + t4] = m + log2(l);
}
