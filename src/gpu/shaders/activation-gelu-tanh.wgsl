// gelu(x) ≈ ½·x·(1 + tanh u) = x · σ(2u),  u = √(2/π)·(x + 0.044715·x³)  (Hendrycks and Gimpel, 2016)
#import sigmoid
const TWO_SQRT_2_OVER_PI = 1.5957691216057308;

// σ(2u). Beyond ±20 it is 0 or 1, and x³ might overflow.
fn gate_of(x: vec4<f32>) -> vec4<f32> {
  let y = clamp(x, vec4(-20.0), vec4(20.0));
  return sigmoid(TWO_SQRT_2_OVER_PI * y * (1.0 + 0.044715 * y * y));
}
fn activate(x: vec4<f32>) -> vec4<f32> {
  return x * gate_of(x);
}
fn slope(x: vec4<f32>) -> vec4<f32> {
  let y = clamp(x, vec4(-20.0), vec4(20.0));
  let s = gate_of(x);
  return s + y * s * (1.0 - s) * TWO_SQRT_2_OVER_PI * (1.0 + 3.0 * 0.044715 * y * y);
}
