// o[h,d,t] = Σ_c w[c]·sums[c,h,d,t] / Σ_c w[c]·l[c],  w[c] = 2^(m[c] - max_c m[c]), over the chunks c that token t sees
//   sums (chunks,quads,D,T) vec4 f32 · stats (chunks,quads,T,2) vec4 f32: m, l; see attention-cached-share
//   row_of, positions (T) u32 · o (H·D,T) f32
// One invocation per quad of heads, d and t. Columns without a row give zeros.
#import flat-index
#import attention-cached-sight
override WG: u32 = 64u;
struct Params { D: u32, T: u32, K: u32, heads_per_kv: u32, quads_per_kv: u32, per_chunk: u32, window: u32 }
var<uniform> params: Params;
var<storage, read_write> sums: array<vec4<f32>>;
var<storage, read_write> stats: array<vec4<f32>>;
var<storage, read> row_of: array<u32>;
var<storage, read> positions: array<u32>;
var<storage, read_write> o: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  let t = i % params.T;
  let d = (i / params.T) % params.D;
  let quad = i / (params.T * params.D);
  let quads = params.K * params.quads_per_kv;
  if (quad >= quads) { return; }
  var o4 = vec4(0.0);
  if (row_of[t] != NO_ROW) {
    let position = positions[t];
    let first = sight_of(position, 0u, params.window, 0xffffffffu).x / params.per_chunk;
    let last = position / params.per_chunk;
    var m = vec4(-3.4e38);
    for (var c = first; c <= last; c++) { m = max(m, stats[2u * ((c * quads + quad) * params.T + t)]); }
    var l = vec4(0.0);
    for (var c = first; c <= last; c++) {
      let stat = 2u * ((c * quads + quad) * params.T + t);
      let w = exp2(max(stats[stat] - m, vec4(-126.0)));
      l += w * stats[stat + 1u];
      o4 += w * sums[((c * quads + quad) * params.D + d) * params.T + t];
    }
    o4 /= l;
  }
  let kv = quad / params.quads_per_kv;
  let in_group = 4u * (quad % params.quads_per_kv);
  for (var j = 0u; j < min(4u, params.heads_per_kv - in_group); j++) {
    o[((kv * params.heads_per_kv + in_group + j) * params.D + d) * params.T + t] = o4[j];
  }
}
