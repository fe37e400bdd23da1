enable chromium_experimental_subgroup_matrix;
enable subgroups;
// y[r,t] = scale · Σ_i W[r,i]·x[i,t]  (and what the epilogue adds); with weight-columns Wᵀ stands for W
//   W, see weight.ts · x (I,T) f32 · y (R,T) f32
// For GPUs with matrix units, by products of matrices M x K (results, summed indices) and K x N (summed indices, tokens). One
// workgroup per tile of 64 results x 64 tokens, STEP summed indices in workgroup memory at a time, as in matmul-tiles; each of its
// first four subgroups sums a patch of 32 x 32. LANES is four times the largest size that the device gives subgroups; where it
// gives smaller ones there are more of them, and those from the fifth on help to load and to store. `component` says what is
// multiplied: component-f32 or component-f16. Sums are f32.
// Versions tried: this one. Its index arithmetic is tested with the matrices emulated (testing/emulate-matrices.ts); it has not run
// on matrix units yet.
#import product-params
#import side
#import tile-operands
#import epilogue
#import component
const TILE = 64u;
const PATCH = 32u;
// Matrices of a patch along results and along tokens.
const R_MATRICES = PATCH / M;
const T_MATRICES = PATCH / N;
// Rows of a tile lie 16 bytes apart, so that those of a matrix begin in different banks.
const W_STRIDE = STEP + PAD;
const X_STRIDE = TILE + PAD;
alias Left = subgroup_matrix_left<component, K, M>;
alias Right = subgroup_matrix_right<component, N, K>;
alias Sum = subgroup_matrix_result<f32, N, M>;
var<storage, read_write> x: array<vec4<f32>>;
var<workgroup> w_tile: array<component, TILE * W_STRIDE>; // [result][summed index]
var<workgroup> x_tile: array<component, STEP * X_STRIDE>; // [summed index][token]
var<workgroup> y_tile: array<f32, 4u * M * PATCH>; // [patch][result][token], M results of each patch at a time

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_id) subgroup: u32,
) {
  let r0 = TILE * group.y;
  let t0 = TILE / 4u * group.x;
  // Where this subgroup's patch begins in the tile.
  let r_patch = PATCH * (subgroup / 2u);
  let t_patch = PATCH * (subgroup % 2u);
  var sums: array<Sum, R_MATRICES * T_MATRICES>;
  // Whole steps of the weight, then those of the low-rank branches.
  let steps = (summed() + STEP - 1u) / STEP;
  let ranks = 4u * ranks4(r0, r0 + TILE - 1u);
  let low_steps = (ranks.y - ranks.x + STEP - 1u) / STEP;
  for (var step = 0u; step < steps + low_steps; step++) {
    let is_low = step >= steps;
    let begin = select(STEP * step, ranks.x + STEP * (step - steps), is_low);
    let end = select(summed(), ranks.y, is_low);
    for (var n = index; n < TILE / 4u * STEP / 4u; n += LANES) {
      let place = block_place(n, TILE / 4u, STEP / 4u);
      let w = weights(is_low, r0 / 4u + place.x, begin / 4u + place.y);
      for (var r = 0u; r < 4u; r++) {
        let at = (4u * place.x + r) * W_STRIDE + 4u * place.y;
        for (var i = 0u; i < 4u; i++) { w_tile[at + i] = component(w[r][i]); }
      }
    }
    // Beyond the last summed index activations are 0, and weights some number.
    for (var n = index; n < STEP * TILE / 4u; n += LANES) {
      let i = n / (TILE / 4u);
      let t4 = n % (TILE / 4u);
      let v = activations(is_low, min(begin + i, end - 1u), min(t0 + t4, params.T4 - 1u));
      for (var t = 0u; t < 4u; t++) { x_tile[i * X_STRIDE + 4u * t4 + t] = component(select(0.0, v[t], begin + i < end)); }
    }
    workgroupBarrier();
    if (subgroup < 4u) {
      for (var i = 0u; i < STEP; i += K) {
        var w: array<Left, R_MATRICES>;
        for (var r = 0u; r < R_MATRICES; r++) {
          w[r] = subgroupMatrixLoad<Left, row_major>(&w_tile, (r_patch + r * M) * W_STRIDE + i, W_STRIDE);
        }
        for (var t = 0u; t < T_MATRICES; t++) {
          let v = subgroupMatrixLoad<Right, row_major>(&x_tile, i * X_STRIDE + t_patch + t * N, X_STRIDE);
          for (var r = 0u; r < R_MATRICES; r++) {
            let at = r * T_MATRICES + t;
            sums[at] = subgroupMatrixMultiplyAccumulate(w[r], v, sums[at]);
          }
        }
      }
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < R_MATRICES; r++) {
    if (subgroup < 4u) {
      for (var t = 0u; t < T_MATRICES; t++) {
        subgroupMatrixStore<row_major>(&y_tile, subgroup * M * PATCH + t * N, sums[r * T_MATRICES + t], PATCH);
      }
    }
    workgroupBarrier();
    // Four tokens of a result each.
    for (var n = index; n < M * PATCH; n += LANES) {
      let p = n / (M * PATCH / 4u);
      let row = r0 + PATCH * (p / 2u) + r * M + n / (PATCH / 4u) % M;
      let t4 = t0 + PATCH / 4u * (p % 2u) + n % (PATCH / 4u);
      if (row < results() && t4 < params.T4) {
        store4(row, t4, vec4(y_tile[4u * n], y_tile[4u * n + 1u], y_tile[4u * n + 2u], y_tile[4u * n + 3u]));
      }
    }
    workgroupBarrier();
  }
}
