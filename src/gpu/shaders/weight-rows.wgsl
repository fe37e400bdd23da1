// How a product reads W (O,C): forward, y = W·x. Its results are W's rows, and it sums over W's columns.
// The other direction is weight-columns.wgsl. Needs params.O and params.C.
#import weight

fn results() -> u32 { return params.O; }
fn summed() -> u32 { return params.C; }

// Results 4·r4 … +3 (the columns of the matrix) by summed indices 4·k4 … +3; 0 outside W.
fn block(r4: u32, k4: u32) -> mat4x4<f32> {
  if (4u * k4 >= params.C) { return mat4x4<f32>(); }
  let row = min(4u * r4 + vec4(0u, 1u, 2u, 3u), vec4(params.O - 1u));
  return mat4x4<f32>(weight4(row.x, k4), weight4(row.y, k4), weight4(row.z, k4), weight4(row.w, k4));
}

// The same of the low-rank branch: k counts its ranks.
fn low_block(r4: u32, k4: u32) -> mat4x4<f32> {
  let row = min(4u * r4 + vec4(0u, 1u, 2u, 3u), vec4(params.O - 1u));
  return mat4x4<f32>(factor4(row.x, k4), factor4(row.y, k4), factor4(row.z, k4), factor4(row.w, k4));
}

// (r4, k4) of the i-th of so many blocks, so that neighbours read neighbouring words.
fn block_place(i: u32, r_blocks: u32, k_blocks: u32) -> vec2<u32> { return vec2(i / k_blocks, i % k_blocks); }
