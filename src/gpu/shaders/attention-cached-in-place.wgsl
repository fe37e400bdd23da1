// In the place of attention-cached-whole where the queries are read once, before anything is put: o (H·D,T) f32 takes their place.
const IS_WHOLE = true;

fn put_sum(at: vec4<u32>, i: u32, sum: vec4<f32>) {
  q[at.x] = sum.x; q[at.y] = sum.y; q[at.z] = sum.z; q[at.w] = sum.w;
}
fn put_stats(i: u32, m: vec4<f32>, l: vec4<f32>) {}
