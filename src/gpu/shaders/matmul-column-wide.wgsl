enable subgroups;
// y[o,0] = scale · Σ_c W[o,c]·x[c,0]  (and what the epilogue adds), for the first of 4 tokens, the others being 0: one row is decoded
//   W (O,C) int8, C a multiple of 16, see weight-*-wide · x (C,4) f32 · y (O,4) f32
// Where matmul-column-stream, which reads memory in order, cannot: an odd number of groups of 32 columns. As matmul-vector-wide,
// with a quarter of its multiply-adds and of what is handed round. What is left is loads.
// Versions tried: int8-row, milliseconds of processor time on two threads, lavapipe      O=1536 C=576   O=576 C=1536   O=16384 C=576
//   v1 matmul-vector-wide, four tokens                                                     0.53           0.50            6.36
//   v2 this one                                                                            0.30           0.27            3.81
//   no gain: 64 rows (0.38, 0.38, 4.94)
//   the limit: codes loaded, unpacked and summed, no activations 0.25, 3.20 (7.2 and 5.9 GB/s); loads alone 0.17, 2.62
#import product-params
#import weight
#import low-rank
#import epilogue
var<storage, read_write> x: array<vec4<f32>>;

fn activation(c: u32) -> f32 { return select(0.0, x[min(c, params.C - 1u)].x, c < params.C); }

// Four columns more of four rows: v has column first+k in lane first+k, each word four codes of a row.
fn add4(sum: vec4<f32>, v: f32, first: u32, a: u32, b: u32, c: u32, d: u32) -> vec4<f32> {
  let w = vec4(
    subgroupShuffle(v, first), subgroupShuffle(v, first + 1u), subgroupShuffle(v, first + 2u), subgroupShuffle(v, first + 3u),
  );
  return sum + vec4(dot(w, bytes4(a)), dot(w, bytes4(b)), dot(w, bytes4(c)), dot(w, bytes4(d)));
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let o = 32u * group.y + lane;
  let row = min(o + vec4(0u, 8u, 16u, 24u), vec4(params.O - 1u));
  let last16 = params.C / 16u - 1u;
  var y = vec4<f32>(); // of the lane's four rows
  var s = vec4<f32>();
  if (!HAS_GROUPS) { s = scales4(row, 0u); }
  for (var c = 0u; c < params.C; c += 32u) {
    if (HAS_GROUPS) { s = scales4(row, c / 4u); }
    let i = c / 16u;
    let j = min(i + 1u, last16);
    let a0 = words16(row.x, i); let a1 = words16(row.y, i); let a2 = words16(row.z, i); let a3 = words16(row.w, i);
    let b0 = words16(row.x, j); let b1 = words16(row.y, j); let b2 = words16(row.z, j); let b3 = words16(row.w, j);
    let v0 = activation(c + lane);
    let v1 = activation(c + 8u + lane);
    let v2 = activation(c + 16u + lane);
    let v3 = activation(c + 24u + lane);
    var sum = vec4<f32>();
    sum = add4(sum, v0, 0u, a0.x, a1.x, a2.x, a3.x); sum = add4(sum, v0, 4u, a0.y, a1.y, a2.y, a3.y);
    sum = add4(sum, v1, 0u, a0.z, a1.z, a2.z, a3.z); sum = add4(sum, v1, 4u, a0.w, a1.w, a2.w, a3.w);
    sum = add4(sum, v2, 0u, b0.x, b1.x, b2.x, b3.x); sum = add4(sum, v2, 4u, b0.y, b1.y, b2.y, b3.y);
    sum = add4(sum, v3, 0u, b0.z, b1.z, b2.z, b3.z); sum = add4(sum, v3, 4u, b0.w, b1.w, b2.w, b3.w);
    y += s * sum;
  }
  let ranks = ranks4(32u * group.y, 32u * group.y + 31u);
  for (var r4 = ranks.x; r4 < ranks.y; r4++) {
    let m = u4x4(r4, 0u);
    let v = vec4(m[0].x, m[1].x, m[2].x, m[3].x);
    y += vec4(dot(v, factor4(row.x, r4)), dot(v, factor4(row.y, r4)), dot(v, factor4(row.z, r4)), dot(v, factor4(row.w, r4)));
  }
  for (var k = 0u; k < 4u; k++) { if (o + 8u * k < params.O) { store4(o + 8u * k, 0u, vec4(y[k], 0.0, 0.0, 0.0)); } }
}
