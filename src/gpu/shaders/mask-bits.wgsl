// The masks of dropout-masks.wgsl. Needs params.C and params.T4.
var<storage, read_write> masks: array<u32>;

// Which of elements 4·i … 4·i+3 of x (C,T) branch z keeps.
fn kept4(z: u32, i: u32) -> vec4<bool> {
  let nibble = masks[1u + z * ((params.C * params.T4 + 7u) >> 3u) + (i >> 3u)] >> (4u * (i & 7u));
  return (vec4(nibble) & vec4(1u, 2u, 4u, 8u)) != vec4<u32>();
}
