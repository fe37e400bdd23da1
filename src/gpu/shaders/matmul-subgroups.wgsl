enable subgroups;
// y[o,t] = scale · Σ_c W[o,c]·x[c,t]  (and what the epilogue adds)
//   W (O,C), see weight.ts · x (C,T) f32 · y (O,T) f32
// For CPU adapters with subgroups of 8 (lavapipe with AVX; matmul-quads is for those of 4). One workgroup is one subgroup and makes
// ROWS (8, 16 or 32) rows x 32 tokens: lane l has tokens 4·l … +3 of every row. It also loads the weights of rows l, 8+l, 16+l
// and 24+l, and the lanes hand them round: a driver on a CPU loads for each lane by itself, with a branch and a bounds check, so
// that a load which gives all lanes the same number costs as much as one that gives each its own.
//
// Versions tried: q8, T=256 O=1536 C=576, milliseconds of processor time on two threads of an EPYC with AVX-512, lavapipe
//   v1 8 rows x 16 tokens an invocation, rows the same for all lanes, nothing handed round    24.6
//   v2 32 rows x 32 tokens, four columns a turn, each for all rows before the next            17.1
//   v3 each row over all four columns before the next row: a sum is loaded and stored once    11.9
//   v4 all loads before all products                                                           9.2   45 % of fma-rate
//   no gain: 64 rows (12.2: the loop is larger than the instruction cache), 48 rows (10.5), 16 rows (14.5), row tiles before
//   token tiles (9.8), a chain of fma for the sum of four (9.2), scales applied after unpacking late (9.9).
//   32 stores written out take 2.9 s to compile, pick() in a loop 0.75 s.
// Later on another day (this one then 13.7 to 14.4; T=128 O=256 C=688 1.40 to 1.53):
//   64 rows, two columns a turn, so that an activation serves twice as many: 13.1 (1.38), 48 rows 14.1, 96 rows 17.8: what the loads
//   save, the sums cost, which go through memory twice as often. Codes sixteen at a time, kept over four turns: 15.3 (1.46 to 1.53).
//   Activations loaded once for four or eight tiles of rows into an array of the lane: 15.1, 13.5 and 9 s to compile.
//   fma(): 13.8, since the driver makes a product and a sum of it again.
//   Stores by blocks of four rows: 1.31 beside 1.32 at T=128, nothing at T=256.
//   Tokens handed round as in matmul-backward-wide: 64 rows, two columns a turn, the words of eight rows a lane at each turn 12.4 to 12.7
//   (1.24 to 1.30) where this one takes 12.9 to 13.3 (1.31 to 1.32), for int8 alone; at every second turn 12.8 (1.25); words or scales by
//   a loop of their own 12.6 to 13.0 (1.32 to 1.38); 64 rows x 16 tokens, four columns a turn, for every storage 12.8 (1.46).
//   Where it goes: without loads of activations 6.7 (0.77), without those of codes too 5.1 (0.61), the loads alone 6.2 (0.71).
#import product-params
#import weight
#import low-rank
#import epilogue
#import subgroup-tile
#import tile-sums
#import input

// Four tokens of the four rows that begin at i, by a mask.
fn x4(i: vec4<u32>, m: u32) -> mat4x4<f32> { return mat4x4<f32>(x_at(i.x, m), x_at(i.y, m), x_at(i.z, m), x_at(i.w, m)); }

// Four summed indices more: v are their activations, w0 … w3 the weights of this lane's rows.
fn turn(y: ptr<function, Sums>, v: mat4x4<f32>, w0: vec4<f32>, w1: vec4<f32>, w2: vec4<f32>, w3: vec4<f32>) {
  (*y).a = rows4((*y).a, v, w0, 0u); (*y).b = rows4((*y).b, v, w0, 4u);
  if (ROWS > 8u) { (*y).c = rows4((*y).c, v, w1, 0u); (*y).d = rows4((*y).d, v, w1, 4u); }
  if (ROWS > 16u) {
    (*y).e = rows4((*y).e, v, w2, 0u); (*y).f = rows4((*y).f, v, w2, 4u);
    (*y).g = rows4((*y).g, v, w3, 0u); (*y).h = rows4((*y).h, v, w3, 4u);
  }
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let t = 8u * group.x + lane;
  let t_in = min(t, params.T4 - 1u);
  let o = ROWS * group.y;
  let mask = mask_of(o);
  let row = min(o + lane + vec4(0u, 8u, 16u, 24u), vec4(params.O - 1u));
  var y = Sums();
  let end = (params.C + 3u) / 4u;
  var s = vec4<f32>();
  for (var c4 = 0u; c4 < end; c4++) {
    if (c4 % 8u == 0u) {
      s.x = scale_of(row.x, c4);
      if (ROWS > 8u) { s.y = scale_of(row.y, c4); }
      if (ROWS > 16u) { s.z = scale_of(row.z, c4); s.w = scale_of(row.w, c4); }
    }
    // All loads before all products: then the sums go through memory once a turn.
    let i = min(4u * c4 + vec4(0u, 1u, 2u, 3u), vec4(params.C - 1u)) * params.T4;
    let v = x4(i + t_in, mask);
    let w0 = code4(row.x, c4) * s.x;
    var w1 = w0; var w2 = w0; var w3 = w0;
    if (ROWS > 8u) { w1 = code4(row.y, c4) * s.y; }
    if (ROWS > 16u) { w2 = code4(row.z, c4) * s.z; w3 = code4(row.w, c4) * s.w; }
    turn(&y, v, w0, w1, w2, w3);
  }
  let ranks = ranks4(o, o + ROWS - 1u);
  for (var r4 = ranks.x; r4 < ranks.y; r4++) {
    turn(&y, u4x4(r4, t_in), factor4(row.x, r4), factor4(row.y, r4), factor4(row.z, r4), factor4(row.w, r4));
  }
  for (var r = 0u; r < min(ROWS, params.O - o); r++) {
    if (t < params.T4) { store4(o + r, t, pick(r / 4u, y)[r % 4u]); }
  }
}
