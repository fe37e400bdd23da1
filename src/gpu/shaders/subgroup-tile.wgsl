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
