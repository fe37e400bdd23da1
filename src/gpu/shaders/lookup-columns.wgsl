// y[r,t] = table[r, ids[t]]
//   table (R,V) f32 · ids (T) u32 · y (R,T) f32
// One invocation per element; lanes lie along T.
override WG: u32 = 64u;
struct Params { R: u32, V: u32, T: u32 }
var<uniform> params: Params;
var<storage, read> table: array<f32>;
var<storage, read> ids: array<u32>;
var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.T || id.y >= params.R) { return; }
  y[id.y * params.T + id.x] = table[id.y * params.V + min(ids[id.x], params.V - 1u)];
}
