// How a product reads W (O,C): backward, dx = Wᵀ·dy. Its results are W's columns, and it sums over W's rows.
// The other direction is weight-rows.wgsl. Needs params.O and params.C.
#import weight

fn results() -> u32 { return params.C; }
fn summed() -> u32 { return params.O; }

fn row_or_zero(row: u32, c4: u32) -> vec4<f32> {
  return select(vec4<f32>(), weight4(min(row, params.O - 1u), c4), row < params.O);
}

// Results 4·r4 … +3 (the columns of the matrix) by summed indices 4·k4 … +3; 0 outside W.
fn block(r4: u32, k4: u32) -> mat4x4<f32> {
  let c4 = min(r4, (params.C - 1u) / 4u);
  let k = 4u * k4;
  return transpose(mat4x4<f32>(row_or_zero(k, c4), row_or_zero(k + 1u, c4), row_or_zero(k + 2u, c4), row_or_zero(k + 3u, c4)));
}

// The same of the low-rank branch: k counts its ranks.
fn low_block(r4: u32, k4: u32) -> mat4x4<f32> {
  let c4 = min(r4, (params.C - 1u) / 4u);
  let k = 4u * k4;
  return transpose(mat4x4<f32>(factor4(k, c4), factor4(k + 1u, c4), factor4(k + 2u, c4), factor4(k + 3u, c4)));
}

// (r4, k4) of the i-th of so many blocks, so that neighbours read neighbouring words.
fn block_place(i: u32, r_blocks: u32, k_blocks: u32) -> vec2<u32> { return vec2(i % r_blocks, i / r_blocks); }
