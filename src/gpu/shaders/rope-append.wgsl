// rope and cache-append in one: q turns in place, k turns on its way into its cache, v goes into its own
//   cache_k[row_of[t]·R + r, positions[t]] = turned k[r,t], R = kv_heads·D, and the same of v; columns with row_of = 0xffffffff are
//   skipped · q (heads·D,T), k, v (R,T) f32 · cache_k, cache_v (rows·R,S) f32 · row_of, positions (T) u32 · turns, see rope.wgsl
// One invocation per pair of rows that turn together, or row that does not turn, and four tokens, for heads_per_lane heads, those
// of k and v behind those of q. TOKENS: how many of the four belong to anyone.
#import turns
override WG: u32 = 64u;
struct Params { heads: u32, kv_heads: u32, D: u32, half: u32, P: u32, T4: u32, heads_per_lane: u32, rows: u32, S: u32 }
var<uniform> params: Params;
var<storage, read_write> q: array<vec4<f32>>;
var<storage, read_write> k: array<vec4<f32>>;
var<storage, read_write> v: array<vec4<f32>>;
var<storage, read_write> cache_k: array<f32>;
var<storage, read_write> cache_v: array<f32>;
var<storage, read> row_of: array<vec4<u32>>;
var<storage, read> positions: array<vec4<u32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  let pair = id.x / params.T4;
  let t4 = id.x % params.T4;
  if (pair >= params.D - params.half) { return; }
  let turns_here = pair < params.half;
  // Rows of a head: the pair's, or twice the one that does not turn.
  let low_d = select(pair + params.half, pair, turns_here);
  let high_d = pair + params.half;
  var turn = Turn(vec4(1.0), vec4(0.0));
  if (turns_here) { turn = turn_of(pair, positions[t4]); }
  let first = group.y * params.heads_per_lane;
  let end = min(first + params.heads_per_lane, params.heads + params.kv_heads);
  for (var h = first; turns_here && h < min(end, params.heads); h++) {
    let i = (h * params.D + low_d) * params.T4 + t4;
    let j = (h * params.D + high_d) * params.T4 + t4;
    let both = turned(q[i], q[j], turn);
    q[i] = both[0];
    q[j] = both[1];
  }
  for (var h = max(first, params.heads); h < end; h++) {
    let low_r = (h - params.heads) * params.D + low_d;
    let high_r = (h - params.heads) * params.D + high_d;
    let high = k[high_r * params.T4 + t4];
    let both = turned(k[low_r * params.T4 + t4], high, turn);
    let low_v = v[low_r * params.T4 + t4];
    let high_v = v[high_r * params.T4 + t4];
    let high_k = select(high, both[1], turns_here);
    for (var n = 0u; n < TOKENS; n++) {
      let row = row_of[t4][n];
      let position = positions[t4][n];
      if (row >= params.rows || position >= params.S) { continue; }
      let place = row * params.kv_heads * params.D * params.S + position;
      cache_k[place + low_r * params.S] = both[0][n];
      cache_k[place + high_r * params.S] = high_k[n];
      cache_v[place + low_r * params.S] = low_v[n];
      cache_v[place + high_r * params.S] = high_v[n];
    }
  }
}
