// What a product by tiles loads: blocks of the weight and of its activations, or, where is_low, of the low-rank branches and of their u.
// Needs params, x, and a side (weight-rows or weight-columns).
#import low-rank

fn weights(is_low: bool, r4: u32, k4: u32) -> mat4x4<f32> {
  if (HAS_LOW_RANK && is_low) { return low_block(r4, k4); }
  return block(r4, k4);
}

fn activations(is_low: bool, k: u32, t4: u32) -> vec4<f32> {
  if (HAS_LOW_RANK && is_low) { return u4(k, t4); }
  return x[k * params.T4 + t4];
}
