// x[c,t] = (1 - strength(t))·x[c,t] + strength(t)·scale·rows[slot[t],c]  where slot[t] < N; other columns stay
//   x (C,T) f32 · rows (N,C) f32 · slot (T) u32 from find-tokens. The strength is behind the name column-strength
// One invocation per element; lanes lie along T.
#import column-strength
override WG: u32 = 64u;
struct Params { C: u32, T: u32, N: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read> rows: array<f32>;
var<storage, read_write> slot: array<u32>;
var<storage, read_write> x: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = id.x;
  if (t >= params.T || id.y >= params.C) { return; }
  if (slot[t] >= params.N) { return; }
  let i = id.y * params.T + t;
  x[i] = mix(x[i], params.scale * rows[slot[t] * params.C + id.y], strength4(t / 4u)[t % 4u]);
}
