// x[c,t] = scale · W[first + ids[t],c]
//   W (V,C), see weight.ts · ids (T) u32 · x (C,T) f32
// W may be a slab of the table's `rows`, from row `begin` on: columns with other ids are left to the other slabs.
// One invocation per token and four features; lanes lie along T.
#import weight
override WG: u32 = 64u;
struct Params { O: u32, C: u32, T: u32, first: u32, scale: f32, begin: u32, rows: u32 }
var<uniform> params: Params;
var<storage, read> ids: array<u32>;
var<storage, read_write> x: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = id.x;
  let c = 4u * id.y;
  if (t >= params.T || c >= params.C) { return; }
  let row = min(params.first + ids[t], params.rows - 1u);
  if (row < params.begin || row >= params.begin + params.O) { return; }
  let w = params.scale * weight4(row - params.begin, id.y);
  x[c * params.T + t] = w.x;
  if (c + 1u < params.C) { x[(c + 1u) * params.T + t] = w.y; }
  if (c + 2u < params.C) { x[(c + 2u) * params.T + t] = w.z; }
  if (c + 3u < params.C) { x[(c + 3u) * params.T + t] = w.w; }
}
