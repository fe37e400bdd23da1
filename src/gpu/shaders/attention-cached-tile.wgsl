// The share of one chunk of positions in o, as attention-cached-subgroups says; the same buffers, other hands
// For GPUs: one workgroup per column, quad of heads and chunk. Scores: lane i has positions 4·i … 4·i+3 of a block of 4·WG.
// Sums: sixteen d at a time, WG/16 lanes each.
#import attention-cached-input
#import attention-block
#import attention-cached-sight
#import attention-cached-result
override WG: u32 = 64u;

var<workgroup> weights: array<mat4x4<f32>, WG>;
var<workgroup> lanes: array<vec4<f32>, WG>;

// Largest (or sum) of `x` over the workgroup, the same for every lane.
fn reduce_max(x: vec4<f32>, lane: u32) -> vec4<f32> {
  workgroupBarrier();
  lanes[lane] = x;
  for (var half = WG / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { lanes[lane] = max(lanes[lane], lanes[lane + half]); }
  }
  workgroupBarrier();
  return lanes[0];
}
fn reduce_sum(x: vec4<f32>, lane: u32) -> vec4<f32> {
  workgroupBarrier();
  lanes[lane] = x;
  for (var half = WG / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { lanes[lane] += lanes[lane + half]; }
  }
  workgroupBarrier();
  return lanes[0];
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let quads = params.K * params.quads_per_kv;
  let t = group.x;
  let quad = group.y;
  let chunk = group.z;
  let kv = quad / params.quads_per_kv;
  let in_group = min(4u * (quad % params.quads_per_kv) + vec4(0u, 1u, 2u, 3u), vec4(params.heads_per_kv - 1u));
  let own = (kv * params.heads_per_kv + in_group) * params.D * params.T + t;
  if (row_of[t] == NO_ROW) {
    for (var d = lane; IS_WHOLE && d < params.D; d += WG) { put_sum(own + d * params.T, 0u, vec4<f32>()); }
    return;
  }
  let sight = sight_of(positions[t], chunk, params.window, params.per_chunk);
  if (sight.x > sight.y) { return; }
  lean_from(vec4(positions[t]), kv * params.heads_per_kv + in_group);
  let other = (row_of[t] * params.K + kv) * params.D * params.S4;
  let result = (chunk * quads + quad) * params.D * params.T + t;
  var m = vec4(HIDDEN);
  var l = vec4(0.0);
  // Blocks are counted from the chunk's start, so that all of them but the window's first are whole.
  let first = (sight.x - chunk * params.per_chunk) / (4u * WG);
  let last = (sight.y - chunk * params.per_chunk) / (4u * WG);
  for (var block = first; block <= last; block++) {
    let p4 = chunk * params.per_chunk / 4u + block * WG + lane;
    let at = other + min(p4, params.S4 - 1u);
    var s = mat4x4<f32>();
    for (var d = 0u; d < params.D; d++) {
      let i = own + d * params.T;
      s = outer_add(s, vec4(q[i.x], q[i.y], q[i.z], q[i.w]) * params.scale, cache_k[at + d * params.S4]);
    }
    s = hide(s, 4u * p4, vec4(sight.x), vec4(sight.y));
    let m_new = max(m, reduce_max(top(s), lane));
    let shrink = exp2(max(m - m_new, vec4(-126.0)));
    m = m_new;
    let p = weigh4(s, m);
    weights[lane] = p;
    l = l * shrink + reduce_sum(total(p), lane);
    let share = WG / 16u;
    for (var d0 = 0u; d0 < params.D; d0 += 16u) {
      let d = d0 + lane / share;
      var sum = vec4(0.0);
      if (d < params.D) {
        for (var j = lane % share; j < WG; j += share) {
          let j4 = min(chunk * params.per_chunk / 4u + block * WG + j, params.S4 - 1u);
          sum += weights[j] * cache_v[other + d * params.S4 + j4];
        }
      }
      workgroupBarrier();
      lanes[lane] = sum;
      workgroupBarrier();
      if (lane % share == 0u && d < params.D) {
        for (var j = 1u; j < share; j++) { sum += lanes[lane + j]; }
        let i = result + d * params.T;
        if (block != first) { sum += shrink * sum_at(own + d * params.T, i); }
        if (IS_WHOLE && block == last) { sum /= l; }
        put_sum(own + d * params.T, i, sum);
      }
    }
  }
  if (lane == 0u) { put_stats((chunk * quads + quad) * params.T + t, m, l); }
}
