// Neither NaN nor infinite, by the bits: WGSL may assume that no float is either, and fold x == x to true.
fn is_finite4(bits: vec4<u32>) -> vec4<bool> {
  return (bits & vec4(0x7f800000u)) != vec4(0x7f800000u);
}
