// In the place of low-rank-rows and low-rank-columns in a product without a low-rank branch.
const HAS_LOW_RANK = false;

fn ranks4(first: u32, last: u32) -> vec2<u32> { return vec2<u32>(); }
fn factor4(row: u32, c4: u32) -> vec4<f32> { return vec4<f32>(); }
fn u4(r: u32, t4: u32) -> vec4<f32> { return vec4<f32>(); }
fn u4x4(r4: u32, t4: u32) -> mat4x4<f32> { return mat4x4<f32>(); }
