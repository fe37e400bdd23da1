// Tiles of 4 results x 4 tokens a lane (a matrix whose column r is result r), for matmul-subgroups, its backward and
// outer-product-subgroups.

// Four rows over four summed indices, sum[r] += Σ_k w_r[k]·x[k], where w_r is the weight of lane+r.
fn rows4(sum: mat4x4<f32>, x: mat4x4<f32>, w: vec4<f32>, lane: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    sum[0] + x * subgroupShuffle(w, lane),
    sum[1] + x * subgroupShuffle(w, lane + 1u),
    sum[2] + x * subgroupShuffle(w, lane + 2u),
    sum[3] + x * subgroupShuffle(w, lane + 3u),
  );
}

// The same where w_r is column r of one lane's weights.
fn columns4(sum: mat4x4<f32>, x: mat4x4<f32>, w: mat4x4<f32>, lane: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    sum[0] + x * subgroupShuffle(w[0], lane),
    sum[1] + x * subgroupShuffle(w[1], lane),
    sum[2] + x * subgroupShuffle(w[2], lane),
    sum[3] + x * subgroupShuffle(w[3], lane),
  );
}

// What one lane has: eight tiles.
struct Sums {
  a: mat4x4<f32>, b: mat4x4<f32>, c: mat4x4<f32>, d: mat4x4<f32>,
  e: mat4x4<f32>, f: mat4x4<f32>, g: mat4x4<f32>, h: mat4x4<f32>,
}

// The i-th tile. A loop that stores pick(i, …) compiles several times faster than eight stores one after the
// other: a driver on a CPU writes out a store for each lane and component, with its bounds check.
fn pick(i: u32, y: Sums) -> mat4x4<f32> {
  switch (i) {
    case 0u: { return y.a; }
    case 1u: { return y.b; }
    case 2u: { return y.c; }
    case 3u: { return y.d; }
    case 4u: { return y.e; }
    case 5u: { return y.f; }
    case 6u: { return y.g; }
    default: { return y.h; }
  }
}
