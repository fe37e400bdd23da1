// The outer products of low-rank branches whose linears read one x:
//   dB[o,r] += scale · Σ_t dy[o,t]·u[u_row + z·R + r, t]   for the rows o of branch z, which B and dB count without gaps: see low-rank-span
//   dA[r,c] += a_scale · Σ_t du[r,t]·x[c,t]  for the rows r from a_row on, and of x what their branch keeps (input-dropped)
//   dy (ΣO,T) · u (·,T) · dB (ΣO,R) · x (C,T) · du (·,T) · dA (·,C), all f32. C = 0 leaves dA alone.
// `ranks`: rows of dA that have a mask in common; without dropout, all.
#import low-rank-span
#import input
struct Params {
  R: u32, C: u32, ranks: u32, T4: u32, scale: f32, u_row: u32, a_scale: f32, a_row: u32,
  begin_0: u32, end_0: u32, begin_1: u32, end_1: u32, begin_2: u32, end_2: u32,
}
var<uniform> params: Params;
var<storage, read_write> dy: array<vec4<f32>>;
var<storage, read_write> u: array<vec4<f32>>;
var<storage, read_write> db: array<f32>;
var<storage, read_write> du: array<vec4<f32>>;
var<storage, read_write> da: array<f32>;

// What a workgroup makes, as in outer-one. Tiles of dB come first, branch by branch, then those of dA; z counts the masks of dA, and
// those of dB are made where it is 0.
struct Tile { is_a: bool, mask: u32, p: u32, p_end: u32, q: u32, q_end: u32, long_row: u32, short_row: u32 }

fn tile_of(group: vec3<u32>, p_size: u32, q_size: u32) -> Tile {
  let q = q_size * group.y;
  var i = group.x;
  for (var z = 0u; z < 3u; z++) {
    let rows = span(z);
    let count = (rows.y - rows.x + p_size - 1u) / p_size;
    if (i < count) {
      let p = rows.xy - rows.z; // in B
      return Tile(false, 0u, p.x + p_size * i, select(p.y, 0u, group.z > 0u), q, params.R, rows.z, params.u_row + z * params.R);
    }
    i -= count;
  }
  let first = params.a_row + params.ranks * group.z;
  return Tile(true, mask_of(first), p_size * i, params.C, first + q, first + params.ranks, 0u, 0u);
}
fn long4(tile: Tile, i: u32) -> vec4<f32> {
  if (tile.is_a) { return x_at(i, tile.mask); }
  return dy[i];
}
fn short4(is_a: bool, i: u32) -> vec4<f32> {
  if (is_a) { return du[i]; }
  return u[i];
}
fn add_to(is_a: bool, p: u32, q: u32, v: f32) {
  if (is_a) { da[q * params.C + p] += params.a_scale * v; } else { db[p * params.R + q] += params.scale * v; }
}
