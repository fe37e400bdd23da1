// In the place of attention-cached-share where one chunk holds all positions: o (H·D,T) f32. Heads that a quad has twice are the same.
const IS_WHOLE = true;
var<storage, read_write> o: array<f32>;

fn put_sum(at: vec4<u32>, i: u32, sum: vec4<f32>) {
  o[at.x] = sum.x; o[at.y] = sum.y; o[at.z] = sum.z; o[at.w] = sum.w;
}
fn put_stats(i: u32, m: vec4<f32>, l: vec4<f32>) {}
