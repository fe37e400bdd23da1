// loss[m] = lse[m] − logits[id[m],m],  lse[m] = max_v + log Σ_v exp(logits[v,m] − max_v)
// logits[v,m] ← (exp(logits[v,m] − lse[m]) − [v = id[m]]) · loss_scale     in place; 0 in columns that are not used
//   logits (V,M) f32 · target_ids u32 · loss_scale (1) f32 · used (1) u32 · losses f32, entry offset+m
// One workgroup per 8 columns, which lie side by side in memory; SLICES invocations share a column: on a GPU 32, which meet
// in workgroup memory, on a CPU 1. Each takes four rows at a time, so that the running maximum costs one more exp in four,
// and four partial sums keep the rounding of a sum over a large vocabulary small.
const COLUMNS = 8u;
struct Params { V: u32, M: u32, offset: u32 }
var<uniform> params: Params;
var<storage, read_write> logits: array<f32>;
var<storage, read> target_ids: array<u32>;
var<storage, read> loss_scale: array<f32>;
var<storage, read> used: array<u32>;
var<storage, read_write> losses: array<f32>;
var<workgroup> slice_max: array<f32, COLUMNS * SLICES>;
var<workgroup> slice_sum: array<f32, COLUMNS * SLICES>;

const NOTHING = -3.4e38; // instead of -inf, which WGSL need not keep

fn logit(v: u32, m: u32) -> f32 {
  return select(NOTHING, logits[min(v, params.V - 1u) * params.M + m], v < params.V);
}

@compute @workgroup_size(COLUMNS, SLICES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let column = COLUMNS * group.x + lane.x;
  let m = min(column, params.M - 1u);
  var top = NOTHING;
  var sums = vec4<f32>();
  for (var v = 4u * lane.y; v < params.V; v += 4u * SLICES) {
    let four = vec4(logit(v, m), logit(v + 1u, m), logit(v + 2u, m), logit(v + 3u, m));
    let higher = max(top, max(max(four.x, four.y), max(four.z, four.w)));
    sums = sums * exp(top - higher) + exp(four - higher);
    top = higher;
  }
  slice_max[COLUMNS * lane.y + lane.x] = top;
  slice_sum[COLUMNS * lane.y + lane.x] = sums.x + sums.y + sums.z + sums.w;
  workgroupBarrier();
  for (var s = 0u; s < SLICES; s++) { top = max(top, slice_max[COLUMNS * s + lane.x]); }
  var sum = 0.0;
  for (var s = 0u; s < SLICES; s++) { sum += slice_sum[COLUMNS * s + lane.x] * exp(slice_max[COLUMNS * s + lane.x] - top); }
  let lse = top + log(sum);

  if (column >= params.M) { return; }
  let is_used = params.offset + m < used[0];
  let asked = select(0u, target_ids[params.offset + m], is_used);
  let scale = select(0.0, loss_scale[0], is_used);
  for (var v = lane.y; v < params.V; v += SLICES) {
    let i = v * params.M + m;
    let value = logits[i];
    if (v == asked && is_used) { losses[params.offset + m] = lse - value; }
    logits[i] = (exp(value - lse) - select(0.0, 1.0, v == asked)) * scale;
  }
}
