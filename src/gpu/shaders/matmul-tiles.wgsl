// y[r,t] = scale · Σ_k W[r,k]·x[k,t]  (and what the epilogue adds); with weight-columns Wᵀ stands for W
//   W, see weight.ts · x (K,T) f32 · y (R,T) f32
// For GPUs. One workgroup of WG_T x WG_R per 4·RB·WG_R results x 4·TB·WG_T tokens, STEP summed indices at a time in workgroup
// memory; one invocation per 4·RB results x 4·TB tokens (RB, TB 1 or 2). A weight is dequantised once for all tokens of a
// tile. `tile` says what lies in workgroup memory: tile-f32 or tile-f16. Sums are f32.
// Versions tried: this one. Its results are tested on software adapters; it has not been timed on a GPU yet.
#import product-params
#import side
#import tile-operands
#import epilogue
#import tile
const R4 = RB * WG_R; // blocks of 4 results of a tile, a multiple of 8
const T4 = TB * WG_T; // blocks of 4 tokens
const LANES = WG_R * WG_T;
var<storage, read_write> x: array<vec4<f32>>;
var<workgroup> w_tile: array<tile4, STEP * R4>; // [k][4 results], see w_at
var<workgroup> x_tile: array<tile4, STEP * T4>; // [k][4 tokens]

// Blocks of one k lie in an order that depends on k, so that the 8 blocks of a row are stored to different banks.
fn w_at(k: u32, r4: u32) -> u32 { return R4 * k + (r4 ^ ((k >> 2u) & 7u)); }

// Four results of one summed index more.
fn add1(sum: mat4x4<f32>, v: vec4<f32>, w: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(fma(v, vec4(w.x), sum[0]), fma(v, vec4(w.y), sum[1]), fma(v, vec4(w.z), sum[2]), fma(v, vec4(w.w), sum[3]));
}

fn store_block(row: u32, t: u32, sum: mat4x4<f32>) {
  if (t >= params.T4) { return; }
  for (var k = 0u; k < 4u; k++) { if (row + k < results()) { store4(row + k, t, sum[k]); } }
}

@compute @workgroup_size(WG_T, WG_R)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) lane: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let r4 = R4 * group.y;
  let t4 = T4 * group.x;
  var y00 = mat4x4<f32>(); var y01 = mat4x4<f32>(); // [block of results][block of tokens]
  var y10 = mat4x4<f32>(); var y11 = mat4x4<f32>();
  // Whole steps of the weight, then those of the low-rank branches.
  let steps = (summed() + STEP - 1u) / STEP;
  let ranks = 4u * ranks4(4u * r4, 4u * (r4 + R4) - 1u);
  let low_steps = (ranks.y - ranks.x + STEP - 1u) / STEP;
  for (var step = 0u; step < steps + low_steps; step++) {
    let is_low = step >= steps;
    let begin = select(STEP * step, ranks.x + STEP * (step - steps), is_low);
    let end = select(summed(), ranks.y, is_low);
    for (var i = index; i < R4 * STEP / 4u; i += LANES) {
      let place = block_place(i, R4, STEP / 4u);
      let w = transpose(weights(is_low, r4 + place.x, begin / 4u + place.y));
      for (var k = 0u; k < 4u; k++) { w_tile[w_at(4u * place.y + k, place.x)] = tile4(w[k]); }
    }
    for (var i = index; i < T4 * STEP; i += LANES) {
      x_tile[i] = tile4(activations(is_low, min(begin + i / T4, end - 1u), min(t4 + i % T4, params.T4 - 1u)));
    }
    workgroupBarrier();
    for (var k = 0u; k < min(STEP, end - begin); k++) {
      let u = vec4<f32>(x_tile[T4 * k + lane.x]);
      let a = vec4<f32>(w_tile[w_at(k, RB * lane.y)]);
      y00 = add1(y00, u, a);
      if (RB > 1u) { y10 = add1(y10, u, vec4<f32>(w_tile[w_at(k, RB * lane.y + 1u)])); }
      if (TB > 1u) {
        let v = vec4<f32>(x_tile[T4 * k + WG_T + lane.x]);
        y01 = add1(y01, v, a);
        if (RB > 1u) { y11 = add1(y11, v, vec4<f32>(w_tile[w_at(k, RB * lane.y + 1u)])); }
      }
    }
    workgroupBarrier();
  }
  let t = t4 + lane.x;
  let row = 4u * (r4 + RB * lane.y);
  store_block(row, t, y00);
  if (RB > 1u) { store_block(row + 4u, t, y10); }
  if (TB > 1u) {
    store_block(row, t + WG_T, y01);
    if (RB > 1u) { store_block(row + 4u, t + WG_T, y11); }
  }
}
