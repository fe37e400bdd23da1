// y[c,m] = x[c, columns[offset+m]] where offset+m < used, else 0
//   x (C,T) f32 · columns u32 · used (1) u32 · y (C,M) f32
// One invocation per element; lanes lie along M.
override WG: u32 = 16u;
struct Params { C: u32, T: u32, M: u32, offset: u32 }
var<uniform> params: Params;
var<storage, read_write> x: array<f32>;
var<storage, read> columns: array<u32>;
var<storage, read> used: array<u32>;
var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.M || id.y >= params.C) { return; }
  let m = params.offset + id.x;
  var value = 0.0;
  if (m < used[0]) { value = x[id.y * params.T + columns[m]]; }
  y[id.y * params.M + id.x] = value;
}
