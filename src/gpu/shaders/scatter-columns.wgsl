// dx[c, columns[offset+m]] = dy[c,m] where offset+m < used; other columns of dx stay as they are
//   dy (C,M) f32 · columns u32, unique · used (1) u32 · dx (C,T) f32
// One invocation per element of dy; lanes lie along M.
override WG: u32 = 16u;
struct Params { C: u32, T: u32, M: u32, offset: u32 }
var<uniform> params: Params;
var<storage, read_write> dy: array<f32>;
var<storage, read> columns: array<u32>;
var<storage, read> used: array<u32>;
var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let m = params.offset + id.x;
  if (id.x >= params.M || id.y >= params.C || m >= used[0]) { return; }
  dx[id.y * params.T + columns[m]] = dy[id.y * params.M + id.x];
}
