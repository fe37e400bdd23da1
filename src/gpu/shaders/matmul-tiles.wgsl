// y[r,t] = scale · Σ_k W[r,k]·x[k,t]  (and what the epilogue adds); with weight-columns Wᵀ stands for W
//   W, see weight.ts · x (K,T) f32 · y (R,T) f32
// For GPUs. One workgroup of 128 per 64 results x 64 tokens, 32 summed indices at a time in workgroup memory (16 KB, what
// every device has); one invocation per 8 results x 4 tokens. A weight is dequantised once for 64 tokens.
// Versions tried: this one. Its results are tested on software adapters; it has not been timed on a GPU yet.
#import side
#import epilogue
const STEP = 32u;
struct Params { O: u32, C: u32, T4: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;
var<workgroup> w_tile: array<vec4<f32>, 512>; // [k][4 results], see w_at
var<workgroup> x_tile: array<vec4<f32>, 512>; // [k][4 tokens]

// Blocks of one k lie in an order that depends on k, so that the 8 blocks of a row are stored to different banks.
fn w_at(k: u32, r4: u32) -> u32 { return 16u * k + (r4 ^ ((k >> 2u) & 7u)); }

@compute @workgroup_size(16, 8)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) lane: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let r4 = 16u * group.y;
  let t4 = 16u * group.x;
  let place = block_place(index);
  var y0 = mat4x4<f32>();
  var y1 = mat4x4<f32>();
  for (var begin = 0u; begin < summed(); begin += STEP) {
    let w = transpose(block(r4 + place.x, begin / 4u + place.y));
    for (var k = 0u; k < 4u; k++) { w_tile[w_at(4u * place.y + k, place.x)] = w[k]; }
    for (var i = index; i < 512u; i += 128u) {
      let k = min(begin + i / 16u, summed() - 1u);
      x_tile[i] = x[k * params.T4 + min(t4 + i % 16u, params.T4 - 1u)];
    }
    workgroupBarrier();
    for (var k = 0u; k < min(STEP, summed() - begin); k++) {
      let v = x_tile[16u * k + lane.x];
      let a = w_tile[w_at(k, 2u * lane.y)];
      let b = w_tile[w_at(k, 2u * lane.y + 1u)];
      y0 = mat4x4<f32>(fma(v, vec4(a.x), y0[0]), fma(v, vec4(a.y), y0[1]), fma(v, vec4(a.z), y0[2]), fma(v, vec4(a.w), y0[3]));
      y1 = mat4x4<f32>(fma(v, vec4(b.x), y1[0]), fma(v, vec4(b.y), y1[1]), fma(v, vec4(b.z), y1[2]), fma(v, vec4(b.w), y1[3]));
    }
    workgroupBarrier();
  }
  let t = t4 + lane.x;
  let row = 4u * (r4 + 2u * lane.y);
  for (var k = 0u; k < 4u; k++) {
    if (t < params.T4 && row + k < results()) { store4(row + k, t, y0[k]); }
    if (t < params.T4 && row + 4u + k < results()) { store4(row + 4u + k, t, y1[k]); }
  }
}
