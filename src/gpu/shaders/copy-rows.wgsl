// to[to_first + g·to_stride + r, t] = from[from_first + g·from_stride + r, t],  r < rows, g < groups
//   from, to (…,T) f32; other rows of `to` stay as they are
// One invocation per row and four tokens; lanes lie along T.
#import flat-index
override WG: u32 = 64u;
struct Params { rows: u32, n4: u32, T4: u32, from_first: u32, from_stride: u32, to_first: u32, to_stride: u32 }
var<uniform> params: Params;
var<storage, read_write> from_rows: array<vec4<f32>>;
var<storage, read_write> to_rows: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  if (i >= params.n4) { return; }
  let t4 = i % params.T4;
  let r = (i / params.T4) % params.rows;
  let g = i / (params.T4 * params.rows);
  let to = params.to_first + g * params.to_stride + r;
  to_rows[to * params.T4 + t4] = from_rows[(params.from_first + g * params.from_stride + r) * params.T4 + t4];
}
