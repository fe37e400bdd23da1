// slot[t] = j where tokens[j] = ids[t], N where there is none
//   ids (T) u32 · tokens (N) u32, unique · slot (T) u32
// One invocation per column.
override WG: u32 = 64u;
struct Params { T: u32, N: u32 }
var<uniform> params: Params;
var<storage, read> ids: array<u32>;
var<storage, read> tokens: array<u32>;
var<storage, read_write> slot: array<u32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.T) { return; }
  var j = 0u;
  while (j < params.N && tokens[j] != ids[id.x]) { j++; }
  slot[id.x] = j;
}
