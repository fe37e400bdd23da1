// How lanes hand numbers round on CPU adapters with subgroups of 4 (SwiftShader). There a shuffle is eleven instructions a component
// and a broadcast five, but a swap within the quad one: so the lanes do not all take from lane 0, 1, 2 and 3 one after the other, each
// takes from lane ^ 0, 1, 2 and 3, and what it makes of the k-th is for the place of lane ^ k.

// v of lane ^ k in column k.
fn from_quad(v: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(v, quadSwapX(v), quadSwapY(v), quadSwapDiagonal(v));
}
