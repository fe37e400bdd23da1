// gradient[row] += scale · factor(row) · Σ_group Σ_t term(row, group, t): what a vector of parameters learns from a batch
//   gradient (rows) f32. What is summed is behind the name row-term
// LANES lanes stride over the tokens of a row and add up in workgroup memory; WG rows a workgroup. Fixed order, no atomics.
#import row-term
override LANES: u32 = 32u;
override WG: u32 = 2u;
struct Params { rows: u32, groups: u32, T4: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> gradient: array<f32>;
var<workgroup> sums: array<f32, LANES * WG>;

@compute @workgroup_size(LANES, WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let row = group.x * WG + lane.y;
  let row_in = min(row, params.rows - 1u);
  var sum = vec4<f32>();
  for (var g = 0u; g < params.groups; g++) {
    for (var t4 = lane.x; t4 < params.T4; t4 += LANES) { sum += term4(row_in, g, t4); }
  }
  let own = lane.y * LANES + lane.x;
  sums[own] = (sum.x + sum.y) + (sum.z + sum.w);
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.x < half) { sums[own] += sums[own + half]; }
  }
  if (lane.x == 0u && row < params.rows) { gradient[row] += params.scale * factor(row) * sums[own]; }
}
