// cache_k[row_of[t]·R + r, positions[t]] = k[r,t], and the same of v
//   cache_k, cache_v (rows·R,S) f32 · k, v (R,T) f32 · row_of, positions (T) u32; columns with row_of = 0xffffffff are skipped
// One invocation per row r and four columns.
#import flat-index
override WG: u32 = 64u;
struct Params { rows: u32, R: u32, S: u32, T4: u32 }
var<uniform> params: Params;
var<storage, read_write> cache_k: array<f32>;
var<storage, read_write> cache_v: array<f32>;
var<storage, read_write> k: array<vec4<f32>>;
var<storage, read_write> v: array<vec4<f32>>;
var<storage, read> row_of: array<vec4<u32>>;
var<storage, read> positions: array<vec4<u32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  let r = i / params.T4;
  if (r >= params.R) { return; }
  let row = row_of[i % params.T4];
  let position = positions[i % params.T4];
  let key = k[i];
  let value = v[i];
  for (var j = 0u; j < 4u; j++) {
    if (row[j] >= params.rows || position[j] >= params.S) { continue; }
    let place = (row[j] * params.R + r) * params.S + position[j];
    cache_k[place] = key[j];
    cache_v[place] = value[j];
  }
}
