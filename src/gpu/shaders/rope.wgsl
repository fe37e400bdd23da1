// x[d,t]      = x[d,t]·c - x[d+half,t]·s
// x[d+half,t] = x[d+half,t]·c + x[d,t]·s      (c, s) = (1, sign)·turns[d, positions[t]], d < half, in each head of q and k
//   q (heads·D,T), k (kv_heads·D,T) f32, in place · positions (T) u32 · turns (half,P,2) f32: cosine and sine; rows 2·half … D-1 of a head stay
// One invocation per d and four tokens, for heads_per_lane heads, those of k behind those of q. sign = -1 turns a gradient back.
override WG: u32 = 64u;
#import turns
struct Params { heads: u32, kv_heads: u32, D: u32, half: u32, P: u32, T4: u32, sign: f32, heads_per_lane: u32 }
var<uniform> params: Params;
var<storage, read_write> q: array<vec4<f32>>;
var<storage, read_write> k: array<vec4<f32>>;
var<storage, read> positions: array<vec4<u32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  let d = id.x / params.T4;
  let t4 = id.x % params.T4;
  if (d >= params.half) { return; }
  var turn = turn_of(d, positions[t4]);
  turn.sin *= params.sign;
  let first = group.y * params.heads_per_lane;
  let end = min(first + params.heads_per_lane, params.heads + params.kv_heads);
  for (var h = first; h < min(end, params.heads); h++) {
    let i = (h * params.D + d) * params.T4 + t4;
    let j = i + params.half * params.T4;
    let pair = turned(q[i], q[j], turn);
    q[i] = pair[0];
    q[j] = pair[1];
  }
  for (var h = max(first, params.heads); h < end; h++) {
    let i = ((h - params.heads) * params.D + d) * params.T4 + t4;
    let j = i + params.half * params.T4;
    let pair = turned(k[i], k[j], turn);
    k[i] = pair[0];
    k[j] = pair[1];
  }
}
