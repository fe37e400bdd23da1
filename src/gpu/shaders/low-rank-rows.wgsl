// What a forward product adds: y += u_scale·D·u, the low-rank branches of its linears. D has R columns a branch, of which a row has
// those of its own branch from B and 0 elsewhere; where the product is one linear, D is B.
//   factor B (ΣO,R) f32, R a multiple of 4 · u (·,T) f32, R rows a branch
// Needs params.R, params.u_row, params.u_scale and params.T4.
#import low-rank-span
const HAS_LOW_RANK = true;
var<storage, read> factor: array<vec4<f32>>;
var<storage, read_write> u: array<vec4<f32>>;

// How many branches end above row o: the number of the one that it is of, if it is of any.
fn branch_of(o: u32) -> u32 { return u32(params.end_0 <= o) + u32(params.end_1 <= o) + u32(params.end_2 <= o); }

// The columns of D, over 4, that the rows first … last have numbers in: from .x to the one before .y.
fn ranks4(first: u32, last: u32) -> vec2<u32> {
  let begun = u32(params.begin_0 <= last) + u32(params.begin_1 <= last) + u32(params.begin_2 <= last);
  return (params.R >> 2u) * vec2(branch_of(first), begun);
}

// D[row, 4·r4 … 4·r4+3], as code4 is of the weight.
fn factor4(row: u32, r4: u32) -> vec4<f32> {
  let R4 = params.R >> 2u;
  let z = branch_of(row);
  let own = span(z);
  let k4 = r4 - R4 * z;
  let is_own = k4 < R4 && own.x <= row && row < own.y;
  return select(vec4<f32>(), params.u_scale * factor[select(0u, (row - own.z) * R4 + k4, is_own)], is_own);
}

// Four tokens of row r of this product's u, which begins at row u_row.
fn u4(r: u32, t4: u32) -> vec4<f32> { return u[(params.u_row + r) * params.T4 + t4]; }

// Rows 4·r4 … 4·r4+3, a column of the matrix each.
fn u4x4(r4: u32, t4: u32) -> mat4x4<f32> {
  let r = 4u * r4;
  return mat4x4<f32>(u4(r, t4), u4(r + 1u, t4), u4(r + 2u, t4), u4(r + 3u, t4));
}
