// What every product is told (kernels/product.ts): the sizes of W (O,C) and T/4, the factor of its sum; and of the low-rank branches
// their rank R, the first row of u, the factor of theirs, and their rows in y (low-rank-span). `ranks`: results that have a mask in common (input-dropped).
struct Params {
  O: u32, C: u32, T4: u32, scale: f32, R: u32, u_row: u32, u_scale: f32,
  begin_0: u32, end_0: u32, begin_1: u32, end_1: u32, begin_2: u32, end_2: u32,
  ranks: u32,
}
var<uniform> params: Params;
