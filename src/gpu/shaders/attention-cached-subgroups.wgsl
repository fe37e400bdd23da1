enable subgroups;
// The share of one chunk of positions in o[h,d,t] = Σ_p softmax_p(scale·q·k)[p]·v[d,p], or all of it where one chunk is all
//   reads attention-cached-input · results: attention-cached-share or -whole
// For CPU adapters with subgroups of LANES = 8 or 4, few columns. One workgroup is one subgroup and makes a column, a quad of heads
// and a chunk, 4·LANES positions at a time. Scores: a lane has four positions, and queries are handed round. Sums: a lane has one
// d of LANES, and weights are handed round, so nothing is added up over lanes.
// Versions tried: microseconds of processor time, D=64, one column, busy machine, lavapipe; an empty dispatch takes 29
//                                                              H=9 K=3, position 40   127   500   1900   H=32 K=8, 400
//   attention-cached-columns, chunks of 64 put together                    169        213   505   1659        869
//   this one, all of up to 512 positions in one chunk                       99        113   251    907        521
#import attention-cached-input
#import attention-block
#import attention-cached-sight
#import attention-cached-result

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let quads = params.K * params.quads_per_kv;
  let t = group.x;
  let quad = group.y;
  let chunk = group.z;
  let kv = quad / params.quads_per_kv;
  let in_group = min(4u * (quad % params.quads_per_kv) + vec4(0u, 1u, 2u, 3u), vec4(params.heads_per_kv - 1u));
  let own = (kv * params.heads_per_kv + in_group) * params.D * params.T + t;
  let column = (chunk * quads + quad) * params.T + t;
  let result = (chunk * quads + quad) * params.D * params.T + t;
  if (row_of[t] == NO_ROW) {
    for (var d = lane; IS_WHOLE && d < params.D; d += LANES) { put_sum(own + d * params.T, 0u, vec4<f32>()); }
    return;
  }
  let sight = sight_of(positions[t], chunk, params.window, params.per_chunk);
  if (sight.x > sight.y) { return; }
  lean_from(vec4(positions[t]), kv * params.heads_per_kv + in_group);
  let other = (row_of[t] * params.K + kv) * params.D * params.S4;
  let first = sight.x / 4u;
  var m = vec4(HIDDEN);
  var l = vec4(0.0); // of the lane's positions
  for (var p4 = first; 4u * p4 <= sight.y; p4 += LANES) {
    let at = other + min(p4 + lane, params.S4 - 1u);
    var s = mat4x4<f32>();
    for (var d0 = 0u; d0 < params.D; d0 += LANES) {
      let i = own + min(d0 + lane, params.D - 1u) * params.T;
      let x = select(vec4<f32>(), vec4(q[i.x], q[i.y], q[i.z], q[i.w]) * params.scale, d0 + lane < params.D);
      for (var k = 0u; k < LANES; k++) {
        s = outer_add(s, subgroupShuffle(x, k), cache_k[at + min(d0 + k, params.D - 1u) * params.S4]);
      }
    }
    s = hide(s, 4u * (p4 + lane), vec4(sight.x), vec4(sight.y));
    let own_top = top(s);
    var m_new = m;
    for (var k = 0u; k < LANES; k++) { m_new = max(m_new, subgroupShuffle(own_top, k)); }
    let shrink = exp2(max(m - m_new, vec4(-126.0)));
    m = m_new;
    let p = weigh4(s, m);
    l = l * shrink + total(p);
    var share = vec4(1.0);
    if (IS_WHOLE && 4u * (p4 + LANES) > sight.y) { share = 1.0 / subgroupAdd(l); }
    for (var d0 = 0u; d0 < params.D; d0 += LANES) {
      let d = min(d0 + lane, params.D - 1u);
      let row = other + d * params.S4;
      var sum = vec4<f32>();
      for (var k = 0u; k < LANES; k++) {
        let v = cache_v[row + min(p4 + k, params.S4 - 1u)];
        sum += subgroupShuffle(p[0], k) * v.x + subgroupShuffle(p[1], k) * v.y + subgroupShuffle(p[2], k) * v.z + subgroupShuffle(p[3], k) * v.w;
      }
      let i = result + d * params.T;
      if (p4 != first) { sum += shrink * sum_at(own + d * params.T, i); }
      if (d0 + lane < params.D) { put_sum(own + d * params.T, i, share * sum); }
    }
  }
  l = subgroupAdd(l);
  if (lane == 0u) { put_stats(column, m, l); }
}
