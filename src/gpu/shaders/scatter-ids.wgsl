// gradient[ids[t]·stride_id + c·stride_c] += scale · Σ over the columns t' with the id of t of dx[c,t']
//   ids (T) u32 · next (2,T) u32 from same-ids · dx (C,T) f32 · gradient f32, ids below `rows`
// The id `padding` learns nothing, as in torch (padding_idx).
// gradient holds the ids first … first + count - 1; the others are those of other slabs of the table.
// One invocation per column and row of dx; the first column of an id adds up all of them.
override WG: u32 = 64u;
struct Params { C: u32, T: u32, rows: u32, first: u32, count: u32, stride_id: u32, stride_c: u32, padding: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read> ids: array<u32>;
var<storage, read_write> next: array<u32>;
var<storage, read_write> dx: array<f32>;
var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = id.x;
  let c = id.y;
  if (t >= params.T || c >= params.C) { return; }
  let row = min(ids[t], params.rows - 1u);
  if (next[params.T + t] == 0u || row < params.first || row >= params.first + params.count) { return; }
  if (row == params.padding) { return; }
  var sum = 0.0;
  for (var i = t; i < params.T; i = next[i]) { sum += dx[c * params.T + i]; }
  gradient[(row - params.first) * params.stride_id + c * params.stride_c] += params.scale * sum;
}
