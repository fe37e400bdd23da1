// What the new token t of a row brings with it: key and value, which are not in the cache yet. attention-cached-added-none in its
// place: they are.
//   k, v (K·D,T) f32
const HAS_ADDED = true;
var<storage, read_write> k: array<f32>;
var<storage, read_write> v: array<f32>;

fn added_key(kv: u32, d: u32, t: u32, position: u32) -> f32 {
  let first = kv * params.D;
  let own = k[(first + d) * params.T + t];
  return turn_row(d, position, vec4(own), vec4(k[(first + partner_of(d)) * params.T + t])).x;
}

fn added_value(kv: u32, d: u32, t: u32) -> f32 { return v[(kv * params.D + d) * params.T + t]; }

// To their places for the tokens to come, row `at` of the caches.
fn append(at: u32, position: u32, key: f32, value: f32) {
  let i = at * params.S4 + position / 4u;
  if (position >= 4u * params.S4 || i >= arrayLength(&cache_k)) { return; }
  cache_k[i][position % 4u] = key;
  cache_v[i][position % 4u] = value;
}
