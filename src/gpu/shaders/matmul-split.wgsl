// y[r,t] = scale · Σ_k W[r,k]·x[k,t]  (and what the epilogue adds); with weight-columns Wᵀ stands for W
//   W, see weight.ts · x (K,T) f32 · y (R,T) f32
// For few tokens (decoding) or few results (low rank), where tiles of results give too few invocations: the sum is split.
// One workgroup per 8 results x 4·WG_T tokens; invocation (t, s) sums k4 = s, s+SLICES, …; the slices meet in workgroup
// memory after one barrier, and are added in order.
// Versions tried: q8, T=4 O=1536 C=576, milliseconds of processor time on two threads, lavapipe
//   v1 this one, 8 slices                                                        0.57
//   v2 one subgroup per 16 rows, scales handed round, subgroupAdd at the end     0.62   kept out
#import product-params
#import side
#import low-rank
#import epilogue
#import input
const LANES = WG_T * SLICES;
var<workgroup> partial: array<vec4<f32>, 8u * LANES>; // [slice][result][t]

// Four results over four summed indices.
fn add4(sum: mat4x4<f32>, v: mat4x4<f32>, w: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(sum[0] + v * w[0], sum[1] + v * w[1], sum[2] + v * w[2], sum[3] + v * w[3]);
}

@compute @workgroup_size(WG_T, SLICES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) lane: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let t4 = WG_T * group.x;
  let t = min(t4 + lane.x, params.T4 - 1u);
  let r4 = 2u * group.y;
  let mask = mask_of(4u * r4);
  var y0 = mat4x4<f32>();
  var y1 = mat4x4<f32>();
  for (var k4 = lane.y; 4u * k4 < summed(); k4 += SLICES) {
    let i = min(4u * k4 + vec4(0u, 1u, 2u, 3u), vec4(summed() - 1u)) * params.T4 + t;
    let v = mat4x4<f32>(x_at(i.x, mask), x_at(i.y, mask), x_at(i.z, mask), x_at(i.w, mask));
    y0 = add4(y0, v, block(r4, k4));
    y1 = add4(y1, v, block(r4 + 1u, k4));
  }
  let ranks = ranks4(4u * r4, 4u * r4 + 7u);
  for (var k4 = ranks.x + lane.y; k4 < ranks.y; k4 += SLICES) {
    let v = u4x4(k4, t);
    y0 = add4(y0, v, low_block(r4, k4));
    y1 = add4(y1, v, low_block(r4 + 1u, k4));
  }
  for (var k = 0u; k < 4u; k++) {
    partial[8u * WG_T * lane.y + WG_T * k + lane.x] = y0[k];
    partial[8u * WG_T * lane.y + WG_T * (k + 4u) + lane.x] = y1[k];
  }
  workgroupBarrier();
  for (var i = index; i < 8u * WG_T; i += LANES) {
    let row = 4u * r4 + i / WG_T;
    if (row >= results() || t4 + i % WG_T >= params.T4) { continue; }
    var sum = vec4<f32>();
    for (var s = 0u; s < SLICES; s++) { sum += partial[8u * WG_T * s + i]; }
    store4(row, t4 + i % WG_T, sum);
  }
}
