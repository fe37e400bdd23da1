// What a backward product adds: dx += u_scale·Aᵀ·du, the low-rank branches of the linears that read x.
//   factor A (R,C) f32, C a multiple of 4 · u (·,T) f32, here du, R rows of it
// Needs params.C, params.R, params.u_row, params.u_scale and params.T4.
const HAS_LOW_RANK = true;
var<storage, read> factor: array<vec4<f32>>;
var<storage, read_write> u: array<vec4<f32>>;

// All results have something of all rows of A, over 4: from .x to the one before .y.
fn ranks4(first: u32, last: u32) -> vec2<u32> { return vec2(0u, params.R >> 2u); }

// A[row, 4·c4 … 4·c4+3], as code4 is of the weight; beyond its rows the last one.
fn factor4(row: u32, c4: u32) -> vec4<f32> {
  return params.u_scale * factor[min(row, params.R - 1u) * (params.C >> 2u) + c4];
}

// Four tokens of row r of this product's u, which begins at row u_row.
fn u4(r: u32, t4: u32) -> vec4<f32> { return u[(params.u_row + r) * params.T4 + t4]; }

// Rows 4·r4 … 4·r4+3, a column of the matrix each.
fn u4x4(r4: u32, t4: u32) -> mat4x4<f32> {
  let r = 4u * r4;
  return mat4x4<f32>(u4(r, t4), u4(r + 1u, t4), u4(r + 2u, t4), u4(r + 3u, t4));
}
