// Philox4x32-10: four random u32 from a counter and a key, without state (Salmon et al., "Parallel Random Numbers: As Easy
// as 1, 2, 3", 2011; the constants of Random123). The same counter and key give the same numbers on every device.

// High and low half of a·b, from 16-bit pieces: WGSL has no 64-bit product.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
  let a0 = a & 0xffffu; let a1 = a >> 16u;
  let b0 = b & 0xffffu; let b1 = b >> 16u;
  let low = a0 * b0;
  let mid = a1 * b0 + (low >> 16u);
  let mid_low = (mid & 0xffffu) + a0 * b1;
  return vec2(a1 * b1 + (mid >> 16u) + (mid_low >> 16u), a * b);
}

fn philox(start: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
  var c = start;
  var k = key;
  for (var round = 0u; round < 10u; round++) {
    let p = wide_product(0xd2511f53u, c.x);
    let r = wide_product(0xcd9e8d57u, c.z);
    c = vec4(r.x ^ c.y ^ k.x, r.y, p.x ^ c.w ^ k.y, p.y);
    k += vec2(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
