// gradient[j,c] += scale · Σ over t with slot[t] = j of dx[c,t], where tokens[j] is not `padding`
//   tokens (N) u32 · dx (C,T) f32 · slot (T) u32 from find-tokens · gradient (N,C) f32
// One invocation per row and feature; a fixed order, no atomics.
override WG: u32 = 64u;
struct Params { C: u32, T: u32, N: u32, padding: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read> tokens: array<u32>;
var<storage, read_write> slot: array<u32>;
var<storage, read_write> dx: array<f32>;
var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.C || id.y >= params.N || tokens[id.y] == params.padding) { return; }
  var sum = 0.0;
  for (var t = 0u; t < params.T; t++) {
    if (slot[t] == id.y) { sum += dx[id.x * params.T + t]; }
  }
  gradient[id.y * params.C + id.x] += params.scale * sum;
}
