// int8-bytes for a driver that shifts lane by lane but multiplies all at once (SwiftShader): each code becomes the highest byte of a
// word, 2^24 times too large, which no f32 loses a bit by.
fn bytes4(word: u32) -> vec4<f32> {
  let highest = (word * vec4(1u << 24u, 1u << 16u, 1u << 8u, 1u)) & vec4(0xff000000u);
  return vec4<f32>(bitcast<vec4<i32>>(highest)) * (1.0 / 16777216.0);
}
