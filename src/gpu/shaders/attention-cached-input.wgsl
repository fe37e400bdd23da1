// What every kernel of attention over a cache reads, and is told.
//   q (H·D,T) f32 · cache_k, cache_v (rows·K·D,S) f32 · row_of, positions (T) u32 · scale carries log2 e
// A quad is up to four query heads of one key head.
struct Params {
  D: u32, T: u32, K: u32, heads_per_kv: u32, quads_per_kv: u32, per_chunk: u32, window: u32, S4: u32, scale: f32
}
var<uniform> params: Params;
var<storage, read_write> q: array<f32>;
var<storage, read_write> cache_k: array<vec4<f32>>;
var<storage, read_write> cache_v: array<vec4<f32>>;
var<storage, read> row_of: array<u32>;
var<storage, read> positions: array<u32>;
