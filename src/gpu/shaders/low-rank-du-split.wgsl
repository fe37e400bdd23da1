// du[u_row + z·R + r, t] = scale · Σ_o B[o,r]·dy[o,t]  over the rows o of branch z, which B counts without gaps: see low-rank-span
//   B (ΣO,R), R a multiple of 4 · dy (ΣO,T) · du (·,T), all f32
// For GPUs: ranks are few, so the sum is split. One workgroup per linear, 8 ranks and 4·WG_T tokens; invocation (t, s) sums the
// rows 4·s … 4·s+3, 4·(s+SLICES) …; the slices meet in workgroup memory after one barrier, and are added in order.
#import low-rank-span
const LANES = WG_T * SLICES;
struct Params {
  R: u32, T4: u32, scale: f32, u_row: u32, begin_0: u32, end_0: u32, begin_1: u32, end_1: u32, begin_2: u32, end_2: u32,
}
var<uniform> params: Params;
var<storage, read> b: array<vec4<f32>>;
var<storage, read_write> dy: array<vec4<f32>>;
var<storage, read_write> du: array<vec4<f32>>;
var<workgroup> partial: array<vec4<f32>, 8u * LANES>; // [slice][rank][t]

// One row more of four ranks.
fn add1(sum: mat4x4<f32>, v: vec4<f32>, w: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(sum[0] + v * w.x, sum[1] + v * w.y, sum[2] + v * w.z, sum[3] + v * w.w);
}

@compute @workgroup_size(WG_T, SLICES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) lane: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let rows = span(group.z);
  let t4 = WG_T * group.x;
  let t = min(t4 + lane.x, params.T4 - 1u);
  let R4 = params.R / 4u;
  let r4 = min(2u * group.y + vec2(0u, 1u), vec2(R4 - 1u));
  var y0 = mat4x4<f32>();
  var y1 = mat4x4<f32>();
  for (var begin = rows.x + 4u * lane.y; begin < rows.y; begin += 4u * SLICES) {
    for (var o = begin; o < min(begin + 4u, rows.y); o++) {
      let v = dy[o * params.T4 + t];
      y0 = add1(y0, v, b[(o - rows.z) * R4 + r4.x]);
      y1 = add1(y1, v, b[(o - rows.z) * R4 + r4.y]);
    }
  }
  for (var k = 0u; k < 4u; k++) {
    partial[WG_T * (8u * lane.y + k) + lane.x] = y0[k];
    partial[WG_T * (8u * lane.y + k + 4u) + lane.x] = y1[k];
  }
  workgroupBarrier();
  let r = 8u * group.y;
  let first = params.u_row + group.z * params.R + r;
  for (var i = index; i < 8u * WG_T; i += LANES) {
    if (r + i / WG_T >= params.R || t4 + i % WG_T >= params.T4) { continue; }
    var sum = vec4<f32>();
    for (var s = 0u; s < SLICES; s++) { sum += partial[8u * WG_T * s + i]; }
    du[(first + i / WG_T) * params.T4 + t4 + i % WG_T] = params.scale * sum;
  }
}
