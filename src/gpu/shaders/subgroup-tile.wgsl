// Tiles of 4 results x 4 tokens a lane (a matrix whose column r is result r), for matmul-subgroups, its backward and
// outer-product-subgroups.

// One row over four reduction indices: sum + Σ_k w[k]·x[k].
fn row4(sum: vec4<f32>, x: mat4x4<f32>, w: vec4<f32>) -> vec4<f32> {
  return fma(x[3], vec4(w.w), fma(x[2], vec4(w.z), fma(x[1], vec4(w.y), fma(x[0], vec4(w.x), sum))));
}

// Rows whose weights lie in lanes lane … lane+3.
fn rows4(sum: mat4x4<f32>, x: mat4x4<f32>, w: vec4<f32>, lane: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    row4(sum[0], x, subgroupShuffle(w, lane)),
    row4(sum[1], x, subgroupShuffle(w, lane + 1u)),
    row4(sum[2], x, subgroupShuffle(w, lane + 2u)),
    row4(sum[3], x, subgroupShuffle(w, lane + 3u)),
  );
}

// Rows whose weights are the columns of w in one lane.
fn columns4(sum: mat4x4<f32>, x: mat4x4<f32>, w: mat4x4<f32>, lane: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    row4(sum[0], x, subgroupShuffle(w[0], lane)),
    row4(sum[1], x, subgroupShuffle(w[1], lane)),
    row4(sum[2], x, subgroupShuffle(w[2], lane)),
    row4(sum[3], x, subgroupShuffle(w[3], lane)),
  );
}

// The i-th of eight matrices. A loop that stores pick(i, …) compiles several times faster than eight stores one after the
// other: a driver on a CPU writes out a store for each lane and component, with its bounds check.
fn pick(
  i: u32, a: mat4x4<f32>, b: mat4x4<f32>, c: mat4x4<f32>, d: mat4x4<f32>, e: mat4x4<f32>, f: mat4x4<f32>, g: mat4x4<f32>, h: mat4x4<f32>,
) -> mat4x4<f32> {
  switch (i) {
    case 0u: { return a; }
    case 1u: { return b; }
    case 2u: { return c; }
    case 3u: { return d; }
    case 4u: { return e; }
    case 5u: { return f; }
    case 6u: { return g; }
    default: { return h; }
  }
}
