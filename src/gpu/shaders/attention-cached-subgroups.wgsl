enable subgroups;
// The share of one chunk of positions in o[h,d,t] = Σ_p softmax_p(scale·q·k)[p]·v[d,p], or all of it where one chunk is all
//   reads attention-cached-input · results: attention-cached-share or -whole
// For CPU adapters with subgroups of LANES = 8 or 4, few columns. One workgroup is one subgroup and makes a column, a quad of heads
// and a chunk, 4·LANES positions at a time. Scores: a lane has four positions, and queries are handed round. Sums: a lane has one
// d of LANES, and weights are handed round, so nothing is added up over lanes.
// Versions tried: microseconds of processor time, D=64, one column, busy machine, lavapipe; an empty dispatch takes 29
//                                                              H=9 K=3, position 40   127   500   1900   H=32 K=8, 400
//   attention-cached-columns, chunks of 64 put together                    169        213   505   1659        869
//   all of up to 512 positions in one chunk, sums in o                      99        113   251    907        521
//   thirty in a row, with rope-append before each: 80-95, 109-122, 376-412; this one, which turns and appends: 53-69, 84-94, 309-328.
//   It takes what it would take alone, queries and sums being kept by the lanes instead of read anew at each block.
#import attention-cached-input
#import attention-cached-added
#import attention-block
#import attention-cached-sight
#import attention-cached-result
// Loops over them go by params.D: unrolled, as of a constant length, they take seconds to compile and no less to run.
const ROUNDS = MOST_D / LANES;

fn sum_of_lanes(x: vec4<f32>) -> vec4<f32> {
  var sum = vec4<f32>();
  for (var k = 0u; k < LANES; k++) { sum += subgroupShuffle(x, k); }
  return sum;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let quads = params.K * params.quads_per_kv;
  let t = group.x;
  let quad = group.y;
  let chunk = group.z;
  let kv = quad / params.quads_per_kv;
  let in_group = min(4u * (quad % params.quads_per_kv) + vec4(0u, 1u, 2u, 3u), vec4(params.heads_per_kv - 1u));
  let own = (kv * params.heads_per_kv + in_group) * params.D * params.T + t;
  let result = (chunk * quads + quad) * params.D * params.T + t;
  if (row_of[t] == NO_ROW) {
    for (var d = lane; IS_WHOLE && d < params.D; d += LANES) { put_sum(own + d * params.T, 0u, vec4<f32>()); }
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
  let rounds = (params.D + LANES - 1u) / LANES;
  var query: array<vec4<f32>, ROUNDS>; // lane l: rows l, l + LANES, …
  var o4: array<vec4<f32>, ROUNDS>;
  var score = vec4<f32>();
  for (var i = 0u; i < rounds; i++) {
    let is_in = i * LANES + lane < params.D;
    let d = min(i * LANES + lane, params.D - 1u);
    query[i] = select(vec4<f32>(), query4(own, d, position), is_in);
    if (has_added) {
      let key = added_key(kv, d, t, position);
      let value = added_value(kv, d, t);
      score += query[i] * key;
      o4[i] = vec4(value);
      if (is_in && quad % params.quads_per_kv == 0u) { append(row + d, position, key, value); }
    }
  }
  var m = vec4(HIDDEN);
  var l = vec4<f32>(); // of the lane's positions
  if (has_added) {
    m = sum_of_lanes(score);
    l = vec4(select(0.0, 1.0, lane == 0u));
  }
  for (var p4 = sight.x / 4u; 4u * p4 < end; p4 += LANES) {
    let at = row * params.S4 + min(p4 + lane, params.S4 - 1u);
    var s = mat4x4<f32>();
    for (var i = 0u; i < rounds; i++) {
      let x = query[i];
      for (var k = 0u; k < LANES; k++) {
        s = outer_add(s, subgroupShuffle(x, k), cache_k[at + min(i * LANES + k, params.D - 1u) * params.S4]);
      }
    }
    s = hide(s, 4u * (p4 + lane), vec4(sight.x), vec4(end - 1u));
    let own_top = top(s);
    var m_new = m;
    for (var k = 0u; k < LANES; k++) { m_new = max(m_new, subgroupShuffle(own_top, k)); }
    let shrink = exp2(max(m - m_new, vec4(-126.0)));
    m = m_new;
    let p = weigh4(s, m);
    l = l * shrink + total(p);
    for (var i = 0u; i < rounds; i++) {
      let values = (row + min(i * LANES + lane, params.D - 1u)) * params.S4;
      var sum = shrink * o4[i];
      for (var k = 0u; k < LANES; k++) {
        let v = cache_v[values + min(p4 + k, params.S4 - 1u)];
        sum += subgroupShuffle(p[0], k) * v.x + subgroupShuffle(p[1], k) * v.y + subgroupShuffle(p[2], k) * v.z + subgroupShuffle(p[3], k) * v.w;
      }
      o4[i] = sum;
    }
  }
  l = sum_of_lanes(l);
  let share = select(vec4(1.0), 1.0 / l, vec4(IS_WHOLE));
  for (var i = 0u; i < rounds; i++) {
    let d = i * LANES + lane;
    if (d < params.D) { put_sum(own + d * params.T, result + d * params.T, share * o4[i]); }
  }
  if (lane == 0u) { put_stats((chunk * quads + quad) * params.T + t, m, l); }
}
