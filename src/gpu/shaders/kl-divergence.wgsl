// divergence[m] = Σ_v p[v]·(x[v,m] − y[v,m]) − (lse x[m] − lse y[m]),  p = softmax of x: Kullback-Leibler from x to y, in nats
//   x (V,M) f32 · y (V,M) f32 · used (1) u32 · divergences f32, entry offset+m
// One workgroup per 8 columns, which lie side by side in memory; SLICES invocations share a column: on a GPU 32, which meet
// in workgroup memory, on a CPU 1. One pass with running maxima, and all sums relative to them: what x and y have in common
// cancels before it is rounded. Equal columns give exactly 0, both sums being made of the same numbers in the same order.
const COLUMNS = 8u;
struct Params { V: u32, M: u32, offset: u32 }
var<uniform> params: Params;
var<storage, read_write> x: array<f32>;
var<storage, read_write> y: array<f32>;
var<storage, read> used: array<u32>;
var<storage, read_write> divergences: array<f32>;
var<workgroup> tops: array<vec2<f32>, COLUMNS * SLICES>;
var<workgroup> sums: array<vec3<f32>, COLUMNS * SLICES>;

const NOTHING = -3.4e38; // instead of -inf, which WGSL need not keep

// The sums relative to higher maxima. Where there was no maximum yet the sums are 0 and stay 0.
fn moved(sum: vec3<f32>, top: vec2<f32>, higher: vec2<f32>) -> vec3<f32> {
  let rise = higher - top;
  let shrink = exp(-rise);
  return vec3(sum.xy, sum.z - sum.x * (rise.x - rise.y)) * shrink.xyx;
}

@compute @workgroup_size(COLUMNS, SLICES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let column = COLUMNS * group.x + lane.x;
  let m = min(column, params.M - 1u);
  var top = vec2(NOTHING, NOTHING);
  var sum = vec3<f32>(); // Σ exp x, Σ exp y, Σ exp x·(x − y), with x and y less their maxima
  for (var v = lane.y; v < params.V; v += SLICES) {
    let value = vec2(x[v * params.M + m], y[v * params.M + m]);
    let higher = max(top, value);
    let below = value - higher;
    let e = exp(below);
    sum = moved(sum, top, higher) + vec3(e, e.x * (below.x - below.y));
    top = higher;
  }
  let own = COLUMNS * lane.y + lane.x;
  tops[own] = top;
  sums[own] = sum;
  workgroupBarrier();
  for (var s = 0u; s < SLICES; s++) { top = max(top, tops[COLUMNS * s + lane.x]); }
  var total = vec3<f32>();
  for (var s = 0u; s < SLICES; s++) {
    total += moved(sums[COLUMNS * s + lane.x], tops[COLUMNS * s + lane.x], top);
  }
  if (lane.y > 0u || column >= params.M || params.offset + m >= used[0]) { return; }
  divergences[params.offset + m] = total.z / total.x - (log(total.x) - log(total.y));
}
