// The share of one chunk of positions in o[h,d,t] = Σ_p softmax_p(scale·q·k)[p]·v[d,p]; attention-cached-combine adds up
//   reads attention-cached-input · sums, stats: see attention-cached-share
// For CPU adapters, many columns: one invocation per chunk, quad and column, over blocks of 16 positions.
#import attention-cached-input
#import attention-block
#import attention-cached-sight
#import attention-cached-share
override WG: u32 = 8u;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let quads = params.K * params.quads_per_kv;
  let chunk = id.y;
  let t = id.x % params.T;
  let quad = id.x / params.T;
  if (quad >= quads || row_of[t] == NO_ROW) { return; }
  let sight = sight_of(positions[t], chunk, params.window, params.per_chunk);
  if (sight.x >= sight.y) { return; }
  let kv = quad / params.quads_per_kv;
  let in_group = min(4u * (quad % params.quads_per_kv) + vec4(0u, 1u, 2u, 3u), vec4(params.heads_per_kv - 1u));
  let own = (kv * params.heads_per_kv + in_group) * params.D * params.T + t;
  lean_from(vec4(positions[t]), kv * params.heads_per_kv + in_group);
  let other = (row_of[t] * params.K + kv) * params.D * params.S4;
  let low = vec4(sight.x);
  let high = vec4(sight.y - 1u);
  let first = sight.x / 4u;
  let result = (chunk * quads + quad) * params.D * params.T + t;
  var m = vec4(HIDDEN);
  var l = vec4(0.0);
  for (var p4 = first; 4u * p4 < sight.y; p4 += 4u) {
    let at = other + min(p4 + vec4(0u, 1u, 2u, 3u), vec4(params.S4 - 1u));
    var s0 = mat4x4<f32>(); var s1 = mat4x4<f32>(); var s2 = mat4x4<f32>(); var s3 = mat4x4<f32>();
    for (var d = 0u; d < params.D; d++) {
      let x = query4(own, d, positions[t]);
      let row = d * params.S4;
      s0 = outer_add(s0, x, cache_k[at.x + row]); s1 = outer_add(s1, x, cache_k[at.y + row]);
      s2 = outer_add(s2, x, cache_k[at.z + row]); s3 = outer_add(s3, x, cache_k[at.w + row]);
    }
    s0 = hide(s0, 4u * p4, low, high); s1 = hide(s1, 4u * p4 + 4u, low, high);
    s2 = hide(s2, 4u * p4 + 8u, low, high); s3 = hide(s3, 4u * p4 + 12u, low, high);
    let m_new = max(m, max(max(top(s0), top(s1)), max(top(s2), top(s3))));
    let shrink = exp2(max(m - m_new, vec4(-126.0)));
    m = m_new;
    let p0 = weigh4(s0, m); let p1 = weigh4(s1, m); let p2 = weigh4(s2, m); let p3 = weigh4(s3, m);
    l = l * shrink + ((total(p0) + total(p1)) + (total(p2) + total(p3)));
    for (var d = 0u; d < params.D; d++) {
      let row = d * params.S4;
      let i = result + d * params.T;
      var sum = p0 * cache_v[at.x + row] + p1 * cache_v[at.y + row] + p2 * cache_v[at.z + row] + p3 * cache_v[at.w + row];
      if (p4 != first) { sum += shrink * sums[i]; }
      sums[i] = sum;
    }
  }
  put_stats((chunk * quads + quad) * params.T + t, m, l);
}
