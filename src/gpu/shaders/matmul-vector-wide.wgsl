enable subgroups;
// y[o,t] = scale · Σ_c W[o,c]·x[c,t]  (and what the epilogue adds), for 4 tokens: decoding
//   W (O,C) int8, C a multiple of 16, see weight-*-wide · x (C,4) f32 · y (O,4) f32
// For CPU adapters with subgroups of 8. One workgroup is one subgroup and makes 32 rows over all columns: lane l has rows l,
// 8+l, 16+l and 24+l. 32 columns a turn: their codes are two loads a row, their activations one column a lane and load, handed
// round. A driver on a CPU spends some 20 instructions of each lane on a load and 5 on each of its words, so wide ones are cheap.
// Versions tried: M-decode (int8-row), all its products by timestamps, milliseconds by turns on a busy machine, lavapipe
//   v1 matmul-vector, two rows a lane, four columns a load      399, 345
//   v2 this one                                                 171, 210
#import product-params
#import weight
#import low-rank
#import epilogue
var<storage, read_write> x: array<vec4<f32>>;

fn activation(c: u32) -> vec4<f32> { return select(vec4<f32>(), x[min(c, params.C - 1u)], c < params.C); }

// Four columns more of one row of each block: v has column first+k in lane first+k, `codes` the bytes of a row in each component.
fn add4(sum: mat4x4<f32>, v: vec4<f32>, first: u32, codes: vec4<u32>) -> mat4x4<f32> {
  let w = mat4x4<f32>(
    subgroupShuffle(v, first), subgroupShuffle(v, first + 1u), subgroupShuffle(v, first + 2u), subgroupShuffle(v, first + 3u),
  );
  return mat4x4<f32>(
    sum[0] + w * bytes4(codes.x), sum[1] + w * bytes4(codes.y), sum[2] + w * bytes4(codes.z), sum[3] + w * bytes4(codes.w),
  );
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let o = 32u * group.y + lane;
  let row = min(o + vec4(0u, 8u, 16u, 24u), vec4(params.O - 1u));
  let last16 = params.C / 16u - 1u;
  var y = mat4x4<f32>(); // column k: the lane's k-th row
  var s = vec4<f32>();
  if (!HAS_GROUPS) { s = scales4(row, 0u); }
  for (var c = 0u; c < params.C; c += 32u) {
    if (HAS_GROUPS) { s = scales4(row, c / 4u); }
    let i = c / 16u;
    let j = min(i + 1u, last16);
    let a = transpose4(words16(row.x, i), words16(row.y, i), words16(row.z, i), words16(row.w, i));
    let b = transpose4(words16(row.x, j), words16(row.y, j), words16(row.z, j), words16(row.w, j));
    let v0 = activation(c + lane);
    let v1 = activation(c + 8u + lane);
    let v2 = activation(c + 16u + lane);
    let v3 = activation(c + 24u + lane);
    var sum = mat4x4<f32>();
    sum = add4(sum, v0, 0u, a.k0); sum = add4(sum, v0, 4u, a.k1); sum = add4(sum, v1, 0u, a.k2); sum = add4(sum, v1, 4u, a.k3);
    sum = add4(sum, v2, 0u, b.k0); sum = add4(sum, v2, 4u, b.k1); sum = add4(sum, v3, 0u, b.k2); sum = add4(sum, v3, 4u, b.k3);
    y = mat4x4<f32>(y[0] + s.x * sum[0], y[1] + s.y * sum[1], y[2] + s.z * sum[2], y[3] + s.w * sum[3]);
  }
  let ranks = ranks4(32u * group.y, 32u * group.y + 31u);
  for (var r4 = ranks.x; r4 < ranks.y; r4++) {
    let v = u4x4(r4, 0u);
    y = mat4x4<f32>(
      y[0] + v * factor4(row.x, r4), y[1] + v * factor4(row.y, r4), y[2] + v * factor4(row.z, r4), y[3] + v * factor4(row.w, r4),
    );
  }
  for (var k = 0u; k < 4u; k++) { if (o + 8u * k < params.O) { store4(o + 8u * k, 0u, y[k]); } }
}

// The k-th words of four rows.
struct Words { k0: vec4<u32>, k1: vec4<u32>, k2: vec4<u32>, k3: vec4<u32> }
fn transpose4(a: vec4<u32>, b: vec4<u32>, c: vec4<u32>, d: vec4<u32>) -> Words {
  return Words(vec4(a.x, b.x, c.x, d.x), vec4(a.y, b.y, c.y, d.y), vec4(a.z, b.z, c.z, d.z), vec4(a.w, b.w, c.w, d.w));
}
