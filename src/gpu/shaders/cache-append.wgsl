// cache[row_of[t]·R + r, positions[t]] = x[r,t]
//   cache (rows·R,S) f32 · x (R,T) f32 · row_of, positions (T) u32; columns with row_of = 0xffffffff are skipped
// One invocation per element of x.
#import flat-index
override WG: u32 = 64u;
struct Params { rows: u32, R: u32, S: u32, T: u32 }
var<uniform> params: Params;
var<storage, read_write> cache: array<f32>;
var<storage, read_write> x: array<f32>;
var<storage, read> row_of: array<u32>;
var<storage, read> positions: array<u32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  let r = i / params.T;
  let t = i % params.T;
  let row = row_of[t];
  let position = positions[t];
  if (r >= params.R || row >= params.rows || position >= params.S) { return; }
  cache[(row * params.R + r) * params.S + position] = x[i];
}
