// Which elements of one x each of up to three low-rank branches keeps: a bit an element, drawn as dropout.wgsl draws them
//   masks (1 + branches·words) u32, words = ⌈n4 / 8⌉: what a kept element is multiplied with, as f32, then each branch's bits
//   seed_step (4) u32: seed low, seed high, step, 1 = off (all kept, as they are) · low_z and high_z: the key of branch z
// One invocation per word, z = branch. mask-bits reads them.
#import flat-index
#import philox
override WG: u32 = 64u;
struct Params {
  n4: u32, words: u32, threshold: u32, keep_scale: f32,
  low_0: u32, high_0: u32, low_1: u32, high_1: u32, low_2: u32, high_2: u32,
}
var<uniform> params: Params;
var<storage, read> seed_step: array<u32>;
var<storage, read_write> masks: array<u32>;

fn key_of(z: u32) -> vec2<u32> {
  let others = select(vec2(params.low_2, params.high_2), vec2(params.low_1, params.high_1), z == 1u);
  return select(others, vec2(params.low_0, params.high_0), z == 0u);
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  if (i >= params.words) { return; }
  let is_off = seed_step[3] == 1u;
  if (i == 0u && id.z == 0u) { masks[0] = bitcast<u32>(select(params.keep_scale, 1.0, is_off)); }
  var word = 0u;
  for (var k = 0u; k < min(8u, params.n4 - 8u * i); k++) {
    let bits = philox(vec4(8u * i + k, seed_step[2], key_of(id.z)), vec2(seed_step[0], seed_step[1]));
    let kept = vec4<u32>(bits >= vec4(params.threshold)) << vec4(0u, 1u, 2u, 3u);
    word |= (kept.x | kept.y | kept.z | kept.w) << (4u * k);
  }
  masks[1u + id.z * params.words + i] = select(word, 0xffffffffu, is_off);
}
