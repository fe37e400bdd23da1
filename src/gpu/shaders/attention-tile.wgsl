// o[d,i] = Σ_j p[i,j]·v[d,j],  p[i,j] = 2^(s[i,j] - lse[i]),  s[i,j] = scale·Σ_d q[d,i]·k[d,j],  lse[i] = log2 Σ_j 2^s[i,j]
// in every head, over the keys that query i sees: max(segment_start[i], i - window + 1) ≤ j ≤ i
//   q, o (H·D,T) f32 · k, v (K·D,T) f32 · segment_start (T) u32, not decreasing · stats (2·H,T) f32: rows 0 … H-1 are lse
//   scale carries log2 e. Head h reads the keys of head h / heads_per_kv
// For GPUs. One workgroup per head and 4·OWN4 queries, the last ones (with most keys) first. CHUNKS ≥ ⌈D/32⌉.
// Versions tried, by the time that compiling takes where barriers are dear (llvmpipe, D = 64, forward and backward):
//   chunks unrolled (loops to CHUNKS)   23 s at D = 64
//   chunks in loops to params.D          9 s at every D. If a driver keeps sums in memory: one read and write for 16 multiply-adds
#import attention-tile-block
struct Params { D: u32, T4: u32, heads_per_kv: u32, window: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> q: array<vec4<f32>>;
var<storage, read_write> k: array<vec4<f32>>;
var<storage, read_write> v: array<vec4<f32>>;
var<storage, read> segment_start: array<vec4<u32>>;
var<storage, read_write> o: array<vec4<f32>>;
var<storage, read_write> stats: array<vec4<f32>>;
var<workgroup> lane_values: array<vec4<f32>, LANES>;

@compute @workgroup_size(OWN4, 8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_id) lane: vec3<u32>, @builtin(local_invocation_index) index: u32,
) {
  let T4 = params.T4;
  let first4 = (groups.x - 1u - group.x) * OWN4;
  let t4 = min(first4 + lane.x, T4 - 1u);
  let row = group.y * params.D;
  let kv_row = (group.y / params.heads_per_kv) * params.D;
  let i = 4u * t4 + vec4(0u, 1u, 2u, 3u);
  lean_from(i, vec4(group.y));
  let low = max(segment_start[t4], i + 1u - min(vec4(params.window), i + 1u));
  let begin = max(segment_start[first4].x, 4u * first4 + 1u - min(params.window, 4u * first4 + 1u)) / 4u;
  var sums = array<mat4x4<f32>, CHUNKS>();
  var m = vec4(HIDDEN);
  var l = vec4(0.0);
  for (var j4 = begin; j4 < min(first4 + OWN4, T4); j4 += 8u) {
    var s = mat4x4<f32>();
    for (var c = 0u; 32u * c < params.D; c++) {
      workgroupBarrier();
      for (var n = index; n < OWN_CELLS; n += LANES) { own_tile[n] = q[own_cell(n, row, c, first4)]; }
      for (var n = index; n < OTHER_CELLS; n += LANES) { other_tile[n] = k[other_cell(n, kv_row, c, j4)]; }
      workgroupBarrier();
      s = score_chunk(s, c, lane);
    }
    s = hide(s * params.scale, 4u * (j4 + lane.y), low, i);
    lane_values[index] = top(s);
    workgroupBarrier();
    var m_new = m;
    for (var y = 0u; y < 8u; y++) { m_new = max(m_new, lane_values[y * OWN4 + lane.x]); }
    let shrink = exp2(max(m - m_new, vec4(-126.0)));
    m = m_new;
    let p = weigh4(s, m);
    l = l * shrink + total(p);
    keep_weights(p, lane);
    for (var c = 0u; 32u * c < params.D; c++) {
      workgroupBarrier();
      for (var n = index; n < OTHER_CELLS; n += LANES) { other_tile[n] = v[other_cell(n, kv_row, c, j4)]; }
      workgroupBarrier();
      let before = sums[c];
      sums[c] = mix_chunk(mat4x4<f32>(before[0] * shrink, before[1] * shrink, before[2] * shrink, before[3] * shrink), lane);
    }
  }
  lane_values[index] = l;
  workgroupBarrier();
  if (first4 + lane.x >= T4) { return; }
  l = vec4(0.0);
  for (var y = 0u; y < 8u; y++) { l += lane_values[y * OWN4 + lane.x]; }
  if (lane.y == 0u) { stats[group.y * T4 + t4] = m + log2(l); }
  for (var c = 0u; 32u * c < params.D; c++) {
    for (var r = 0u; r < 4u; r++) {
      let d = 32u * c + 4u * lane.y + r;
      if (d < params.D) { o[(row + d) * T4 + t4] = sums[c][r] / l; }
    }
  }
}
