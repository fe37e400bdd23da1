// What matmul-quads and matmul-backward-quads do at each turn, for tiles of ROWS (8, 16 or 32) results x 32 tokens.
#import quad-tile
#import tile-sums

// Four summed indices more: v and u are their activations for y and z, the columns of `low` and `high` this lane's weights for each
// four of the first and the last sixteen results.
fn turn(y: ptr<function, Sums>, z: ptr<function, Sums>, v: mat4x4<f32>, u: mat4x4<f32>, low: mat4x4<f32>, high: mat4x4<f32>) {
  var w = from_quad(low[0]); (*y).a = add4((*y).a, v, w); (*z).a = add4((*z).a, u, w);
  w = from_quad(low[1]); (*y).b = add4((*y).b, v, w); (*z).b = add4((*z).b, u, w);
  if (ROWS > 8u) {
    w = from_quad(low[2]); (*y).c = add4((*y).c, v, w); (*z).c = add4((*z).c, u, w);
    w = from_quad(low[3]); (*y).d = add4((*y).d, v, w); (*z).d = add4((*z).d, u, w);
  }
  if (ROWS > 16u) {
    w = from_quad(high[0]); (*y).e = add4((*y).e, v, w); (*z).e = add4((*z).e, u, w);
    w = from_quad(high[1]); (*y).f = add4((*y).f, v, w); (*z).f = add4((*z).f, u, w);
    w = from_quad(high[2]); (*y).g = add4((*y).g, v, w); (*z).g = add4((*z).g, u, w);
    w = from_quad(high[3]); (*y).h = add4((*y).h, v, w); (*z).h = add4((*z).h, u, w);
  }
}
