// next[t] = the next column with the same id, T where there is none;  next[T+t] = 1 where no earlier column has it, else 0
//   ids (T) u32 · next (2,T) u32
// One invocation per column. Sums over the columns of an id follow these links in order, without atomics.
override WG: u32 = 64u;
struct Params { T: u32 }
var<uniform> params: Params;
var<storage, read> ids: array<u32>;
var<storage, read_write> next: array<u32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = id.x;
  if (t >= params.T) { return; }
  var after = t + 1u;
  while (after < params.T && ids[after] != ids[t]) { after++; }
  var before = 0u;
  while (before < t && ids[before] != ids[t]) { before++; }
  next[t] = after;
  next[params.T + t] = select(0u, 1u, before == t);
}
