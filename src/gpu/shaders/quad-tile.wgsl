// Tiles of 4 results x 4 tokens a lane, for CPU adapters with subgroups of 4: column k of a tile is that of lane ^ k (from-quad).
#import from-quad

// Four summed indices more: x are their activations (a column each), w the weights of each column of the tile.
fn add4(sum: mat4x4<f32>, x: mat4x4<f32>, w: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(sum[0] + x * w[0], sum[1] + x * w[1], sum[2] + x * w[2], sum[3] + x * w[3]);
}
