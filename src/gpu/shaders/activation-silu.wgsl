// silu(x) = x · σ(x)
#import sigmoid
fn activate(x: vec4<f32>) -> vec4<f32> {
  return x * sigmoid(x);
}
fn slope(x: vec4<f32>) -> vec4<f32> {
  let s = sigmoid(x);
  return s * (1.0 + x * (1.0 - s));
}
