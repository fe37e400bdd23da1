// What every kernel of attention over a cache reads, and is told.
//   q (H·D,T) f32 · cache_k, cache_v (rows·K·D,S) f32 · row_of, positions (T) u32 · scale carries log2 e
// A quad is up to four query heads of one key head. D is at most MOST_D. half, P: of the table of rope, 0 where nothing turns here.
#import turn-row
struct Params {
  D: u32, T: u32, K: u32, heads_per_kv: u32, quads_per_kv: u32, per_chunk: u32, window: u32, S4: u32, scale: f32, half: u32, P: u32
}
var<uniform> params: Params;
var<storage, read_write> q: array<f32>;
var<storage, read_write> cache_k: array<vec4<f32>>;
var<storage, read_write> cache_v: array<vec4<f32>>;
var<storage, read> row_of: array<u32>;
var<storage, read> positions: array<u32>;

// Row d of the queries at `own` (row 0 of each of four heads), turned and scaled.
fn query4(own: vec4<u32>, d: u32, position: u32) -> vec4<f32> {
  let i = own + d * params.T;
  let j = own + partner_of(d) * params.T;
  return params.scale * turn_row(d, position, vec4(q[i.x], q[i.y], q[i.z], q[i.w]), vec4(q[j.x], q[j.y], q[j.z], q[j.w]));
}
