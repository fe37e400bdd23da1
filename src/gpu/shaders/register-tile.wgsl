// Sixteen tokens of one feature as a mat4x4 (four vec4 along T), and a multiply-add on them.
// Written with matrices and not with arrays because an array that a loop indexes leaves the registers on some drivers.
fn mac(sum: mat4x4<f32>, x: mat4x4<f32>, w: f32) -> mat4x4<f32> {
  let v = vec4<f32>(w);
  return mat4x4<f32>(fma(x[0], v, sum[0]), fma(x[1], v, sum[1]), fma(x[2], v, sum[2]), fma(x[3], v, sum[3]));
}
