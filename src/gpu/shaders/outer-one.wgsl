// One outer product: gradient[p·stride_p + q·stride_q] += scale · Σ_t long[p,t]·short[q,t]
//   long (P,T) · short (Q,T) · gradient, all f32. P is the longer side, whichever factor it belongs to.
struct Params { P: u32, Q: u32, T4: u32, stride_p: u32, stride_q: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> long: array<vec4<f32>>;
var<storage, read_write> short: array<vec4<f32>>;
var<storage, read_write> gradient: array<f32>;

// What a workgroup makes: p … p_end-1 by q … q_end-1, cut to its size. Row p of `long4` is p + long_row, likewise q; here both are 0, and there is no mask.
struct Tile { is_a: bool, mask: u32, p: u32, p_end: u32, q: u32, q_end: u32, long_row: u32, short_row: u32 }

fn tile_of(group: vec3<u32>, p_size: u32, q_size: u32) -> Tile {
  return Tile(false, 0u, p_size * group.x, params.P, q_size * group.y, params.Q, 0u, 0u);
}
fn long4(tile: Tile, i: u32) -> vec4<f32> { return long[i]; }
fn short4(is_a: bool, i: u32) -> vec4<f32> { return short[i]; }
fn add_to(is_a: bool, p: u32, q: u32, v: f32) { gradient[p * params.stride_p + q * params.stride_q] += params.scale * v; }
