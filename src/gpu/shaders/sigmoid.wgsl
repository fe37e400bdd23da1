// 1 / (1 + e^-x), without the overflow of e^-x that WGSL leaves undefined: below -87 the result is 0 to any use.
fn sigmoid(x: vec4<f32>) -> vec4<f32> {
  return 1.0 / (1.0 + exp(min(-x, vec4(87.0))));
}
