// Workgroup tiles of attention on GPUs. 8·OWN4 invocations make 4·OWN4 own columns (queries, or keys in dk and dv) against
// blocks of 32 others. Scores: invocation (x, y) has own columns 4·x …+3 against others 4·y …+3, summed over 32 rows d at a
// time. Sums: it has own columns 4·x …+3 of the rows 4·y …+3 of a chunk of 32.
#import attention-block
const LANES = 8u * OWN4;
const OWN_CELLS = 32u * OWN4;
const OTHER_CELLS = 256u;
var<workgroup> own_tile: array<vec4<f32>, OWN_CELLS>; // [d][own/4]; between scores and sums: weights [other][own/4]
var<workgroup> other_tile: array<vec4<f32>, OTHER_CELLS>; // [d][other/4]

// Where cell n of a tile lies in a matrix whose head begins at `row`: chunk c of D, columns from t4. Edges repeat the last.
fn own_cell(n: u32, row: u32, c: u32, t4: u32) -> u32 {
  return (row + min(32u * c + n / OWN4, params.D - 1u)) * params.T4 + min(t4 + n % OWN4, params.T4 - 1u);
}
fn other_cell(n: u32, row: u32, c: u32, t4: u32) -> u32 {
  return (row + min(32u * c + n / 8u, params.D - 1u)) * params.T4 + min(t4 + n % 8u, params.T4 - 1u);
}

// sum + Σ_d own[d]·other[d] over chunk c.
fn score_chunk(sum: mat4x4<f32>, c: u32, lane: vec3<u32>) -> mat4x4<f32> {
  var s = sum;
  for (var d = 0u; d < min(32u, params.D - 32u * c); d++) { s = outer_add(s, own_tile[d * OWN4 + lane.x], other_tile[8u * d + lane.y]); }
  return s;
}

fn keep_weights(p: mat4x4<f32>, lane: vec3<u32>) {
  let first = 4u * lane.y * OWN4 + lane.x;
  own_tile[first] = p[0];
  own_tile[first + OWN4] = p[1];
  own_tile[first + 2u * OWN4] = p[2];
  own_tile[first + 3u * OWN4] = p[3];
}

// sum[r] + Σ_j weight[j]·other[4·y + r, j] over the 32 others.
fn mix_chunk(sum: mat4x4<f32>, lane: vec3<u32>) -> mat4x4<f32> {
  var s = sum;
  for (var j4 = 0u; j4 < 8u; j4++) {
    let w = 4u * j4 * OWN4 + lane.x;
    let p = mat4x4<f32>(own_tile[w], own_tile[w + OWN4], own_tile[w + 2u * OWN4], own_tile[w + 3u * OWN4]);
    let x = 32u * lane.y + j4;
    s += mat4x4<f32>(p * other_tile[x], p * other_tile[x + 8u], p * other_tile[x + 16u], p * other_tile[x + 24u]);
  }
  return s;
}
