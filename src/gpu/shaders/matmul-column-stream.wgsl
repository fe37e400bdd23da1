enable subgroups;
// y[o,0] = scale · Σ_c W[o,c]·x[c,0]  (and what the epilogue adds), for the first of 4 tokens, the others being 0: one row is decoded
//   W (O,C): int8, C a multiple of 16 (row-sixteen-bytes), or f16, C a multiple of 4 (row-sixteen-halves) · x (C,4) f32 · y (O,4) f32
// For CPU adapters with subgroups of 8. One workgroup is one subgroup and makes ROWS rows. Its lanes lie along C, sixteen codes each,
// so that a row is read from front to back, STRETCHES times 128 codes in a piece, and what belongs to them of x is loaded once
// for all rows. The array that holds it is registers and stack only because the loops over stretches are unrolled.
// Versions tried: milliseconds of processor time, weights from memory (64 MB of them by turns), busy machine, lavapipe
//                                                                         O=1536 C=576        O=576 C=1536       O=49152 C=576
//                                                                         int8-row   q8       int8-row   q8      int8-row
//   v1 matmul-column-wide: lanes along rows, 32 of them read at a time    0.39-0.48  0.47-0.51  0.32-0.54  0.43  15.6-19.2
//   v2 the loads of v1, a lane's sixteen codes along C                    0.39                  0.43             12.6
//   v3 this one: sums by constant shuffles                                0.31-0.34  0.35-0.36  0.28-0.33  0.30
//   v4 64 or 128 rows: x loaded once for as many  0.24-0.26, 0.23     (v3 by turns 0.28-0.30)  0.21-0.24 (0.24-0.26)  6.0-7.0 (8.3)
//      and codes as highest bytes (row-sixteen-bytes): one shift less, three of the others a mask
//   the limit: codes loaded in this order, unpacked and multiplied by registers 0.18-0.20, 0.18-0.19, 5.2; loads alone 0.15, 3.4
//   no gain: the last half stretch of two rows in one load (0.41), codes as digits that need one shift less (0.44);
//   twelve stretches in a piece (0.50 where four take 0.43: not unrolled), x in a private array of the module (0.78).
//   Loads at an address that all lanes share cost as much as others: codes read so, a byte picked by each lane, 2.9 and more.
#import product-params
#import weight
#import row-sixteen
#import low-rank
#import epilogue
var<storage, read_write> x: array<vec4<f32>>;

fn column4(c: u32) -> vec4<f32> { return vec4(x[c].x, x[c + 1u].x, x[c + 2u].x, x[c + 3u].x); }

// Of all lanes: a subgroupAdd is a loop over them on a CPU, a shuffle with a constant one instruction.
fn total(v: f32) -> f32 {
  let low = (subgroupShuffle(v, 0u) + subgroupShuffle(v, 1u)) + (subgroupShuffle(v, 2u) + subgroupShuffle(v, 3u));
  return low + ((subgroupShuffle(v, 4u) + subgroupShuffle(v, 5u)) + (subgroupShuffle(v, 6u) + subgroupShuffle(v, 7u)));
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let begin = ROWS * group.y;
  let end = min(begin + ROWS, params.O);
  let blocks = (params.C + 15u) / 16u;
  let pairs = (blocks + 1u) / 4u; // of scales in a row, whose number is even
  var y: array<f32, ROWS / 8u>; // lane l: rows begin + l, + 8, …
  for (var piece = 0u; piece < blocks; piece += 8u * STRETCHES) {
    var v: array<vec4<f32>, 4u * STRETCHES>;
    // One load that goes round, each time for another place: eighty of them side by side take seconds to compile. Past the last
    // column it makes the zeros: those that `v` begins with lavapipe has in the first piece alone.
    for (var i = 0u; i < 4u * STRETCHES; i++) {
      let c = column_of(piece + 8u * (i / 4u), i % 4u, lane);
      let own = select(vec4<f32>(), column4(min(c, params.C - 4u)), c < params.C);
      for (var k = 0u; k < 4u * STRETCHES; k++) { v[k] = select(v[k], own, i == k); }
    }
    for (var first = begin; first < end; first += 8u) {
      var own = 0.0; // lane l: row first + l
      for (var r = 0u; r < min(8u, end - first); r++) {
        let row = first + r;
        var sum = vec4<f32>();
        var s = 0u;
        for (var j = 0u; j < STRETCHES; j++) {
          let b = piece + 8u * j;
          let w = row16(row, b, lane);
          var part = v[4u * j] * w[0] + v[4u * j + 1u] * w[1] + v[4u * j + 2u] * w[2] + v[4u * j + 3u] * w[3];
          if (HAS_GROUPS) {
            let own_pair = 2u * (j % 4u);
            if (own_pair == 0u) { s = scale_pair(row * pairs + b / 4u + lane); }
            let pair = select(subgroupShuffle(s, own_pair), subgroupShuffle(s, own_pair + 1u), lane >= 4u);
            part *= unpack2x16float(pair >> (8u * (lane & 2u))).x;
          }
          sum += part;
        }
        own = select(own, total(sum.x + sum.y + sum.z + sum.w), lane == r);
      }
      for (var k = 0u; k < ROWS / 8u; k++) { y[k] += select(0.0, own, begin + 8u * k == first); }
    }
  }
  for (var k = 0u; k < ROWS / 8u; k++) {
    let o = begin + 8u * k + lane;
    let row = min(o, params.O - 1u);
    var sum = y[k] * row_scale(row);
    let ranks = ranks4(begin + 8u * k, begin + 8u * k + 7u);
    for (var r4 = ranks.x; r4 < ranks.y; r4++) {
      let u = u4x4(r4, 0u);
      sum += dot(vec4(u[0].x, u[1].x, u[2].x, u[3].x), factor4(row, r4));
    }
    if (o < params.O) { store4(o, 0u, vec4(sum, 0.0, 0.0, 0.0)); }
  }
}
