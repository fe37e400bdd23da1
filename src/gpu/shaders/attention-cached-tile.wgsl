// The share of one chunk of positions in o, as attention-cached-subgroups says; the same buffers, other hands
// For GPUs: one workgroup per column, quad of heads and chunk. Scores: lane i has positions 4·i … 4·i+3 of a block of 4·WG.
// Sums: sixteen d at a time, WG/16 lanes each.
#import attention-cached-input
#import attention-cached-added
#import attention-block
#import attention-cached-sight
#import attention-cached-result
override WG: u32 = 64u;

var<workgroup> weights: array<mat4x4<f32>, WG>;
var<workgroup> lanes: array<vec4<f32>, WG>;
var<workgroup> query: array<vec4<f32>, MOST_D>;

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
  let position = positions[t];
  let sight = sight_of(position, chunk, params.window, params.per_chunk);
  if (sight.x >= sight.y) { return; }
  lean_from(vec4(position), kv * params.heads_per_kv + in_group);
  let row = (row_of[t] * params.K + kv) * params.D;
  // What the token adds itself is seen first, the cache up to it next.
  let has_added = HAS_ADDED && sight.y > position;
  let end = select(sight.y, position, has_added);
  var score = vec4<f32>();
  for (var d = lane; d < params.D; d += WG) {
    query[d] = query4(own, d, position);
    if (has_added) {
      let key = added_key(kv, d, t, position);
      score += query[d] * key;
      if (quad % params.quads_per_kv == 0u) { append(row + d, position, key, added_value(kv, d, t)); }
    }
  }
  var m = vec4(HIDDEN);
  var l = vec4(0.0);
  var o4: array<vec4<f32>, MOST_D / 16u>; // lane share·j: rows j, j + 16, …
  let share = WG / 16u;
  if (has_added) {
    m = reduce_sum(score, lane);
    l = vec4(1.0);
    for (var i = 0u; 16u * i < params.D; i++) {
      o4[i] = vec4(added_value(kv, min(16u * i + lane / share, params.D - 1u), t));
    }
  }
  workgroupBarrier();
  // Blocks are counted from the chunk's start, so that all of them but the window's first are whole.
  let origin = chunk * params.per_chunk;
  for (var first = sight.x - (sight.x - origin) % (4u * WG); first < end; first += 4u * WG) {
    let p4 = first / 4u;
    let at = row * params.S4 + min(p4 + lane, params.S4 - 1u);
    var s = mat4x4<f32>();
    for (var d = 0u; d < params.D; d++) { s = outer_add(s, query[d], cache_k[at + d * params.S4]); }
    s = hide(s, 4u * (p4 + lane), vec4(sight.x), vec4(end - 1u));
    let m_new = max(m, reduce_max(top(s), lane));
    let shrink = exp2(max(m - m_new, vec4(-126.0)));
    m = m_new;
    let p = weigh4(s, m);
    weights[lane] = p;
    l = l * shrink + reduce_sum(total(p), lane);
    for (var i = 0u; 16u * i < params.D; i++) {
      let d = 16u * i + lane / share;
      var sum = vec4(0.0);
      if (d < params.D) {
        for (var j = lane % share; j < WG; j += share) {
          sum += weights[j] * cache_v[(row + d) * params.S4 + min(p4 + j, params.S4 - 1u)];
        }
      }
      workgroupBarrier();
      lanes[lane] = sum;
      workgroupBarrier();
      if (lane % share == 0u) {
        for (var j = 1u; j < share; j++) { sum += lanes[lane + j]; }
        o4[i] = shrink * o4[i] + sum;
      }
    }
  }
  let result = (chunk * quads + quad) * params.D * params.T + t;
  for (var i = 0u; 16u * i < params.D; i++) {
    let d = 16u * i + lane / share;
    if (lane % share != 0u || d >= params.D) { continue; }
    put_sum(own + d * params.T, result + d * params.T, select(o4[i], o4[i] / l, vec4(IS_WHOLE)));
  }
  if (lane == 0u) { put_stats((chunk * quads + quad) * params.T + t, m, l); }
}
