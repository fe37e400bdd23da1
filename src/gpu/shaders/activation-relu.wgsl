// relu(x) = max(x, 0); its slope at 0 is 0, as torch's
fn activate(x: vec4<f32>) -> vec4<f32> {
  return max(x, vec4(0.0));
}
fn slope(x: vec4<f32>) -> vec4<f32> {
  return select(vec4(0.0), vec4(1.0), x > vec4(0.0));
}
