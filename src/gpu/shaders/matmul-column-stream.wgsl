enable subgroups;
// y[o,0] = scale · Σ_c W[o,c]·x[c,0]  (and what the epilogue adds), for the first of 4 tokens, the others being 0: one row is decoded
//   W (O,C) int8, C a multiple of 16, see weight-*-wide · x (C,4) f32 · y (O,4) f32
// For CPU adapters with subgroups of 8. One workgroup is one subgroup and makes 32 rows. Its lanes lie along C, sixteen codes each,
// so that a row is read from front to back, STRETCHES times 128 codes in a piece, and what belongs to them of x is loaded once
// for all rows. The array that holds it is registers and stack only because the loops over stretches are unrolled.
// Versions tried: milliseconds of processor time, weights from memory (64 MB of them by turns), busy machine, lavapipe
//                                                                         O=1536 C=576        O=576 C=1536       O=49152 C=576
//                                                                         int8-row   q8       int8-row   q8      int8-row
//   v1 matmul-column-wide: lanes along rows, 32 of them read at a time    0.39-0.48  0.47-0.51  0.32-0.54  0.43  15.6-19.2
//   v2 the loads of v1, a lane's sixteen codes along C                    0.39                  0.43             12.6
//   v3 this one: sums by constant shuffles                                0.31-0.34  0.35-0.36  0.28-0.33  0.30
//   the limit: codes loaded in this order, unpacked and summed 0.22-0.25, 0.28, 9.7; loads alone 0.19, 0.15, 5.5
//   no gain: 64 rows (0.34), the last half stretch of two rows in one load (0.41), codes as digits that need one shift less (0.44);
//   twelve stretches in a piece (0.50 where four take 0.43: not unrolled), x in a private array of the module (0.78).
//   Loads at an address that all lanes share cost as much as others: codes read so, a byte picked by each lane, 2.9 and more.
#import weight
#import low-rank
#import epilogue
struct Params { O: u32, C: u32, T4: u32, scale: f32, R: u32, u_row: u32, u_scale: f32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;

fn column4(c: u32) -> vec4<f32> { return vec4(x[c].x, x[c + 1u].x, x[c + 2u].x, x[c + 3u].x); }

// Of all lanes: a subgroupAdd is a loop over them on a CPU, a shuffle with a constant one instruction.
fn total(v: f32) -> f32 {
  let low = (subgroupShuffle(v, 0u) + subgroupShuffle(v, 1u)) + (subgroupShuffle(v, 2u) + subgroupShuffle(v, 3u));
  return low + ((subgroupShuffle(v, 4u) + subgroupShuffle(v, 5u)) + (subgroupShuffle(v, 6u) + subgroupShuffle(v, 7u)));
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let begin = 32u * group.y;
  let end = min(begin + 32u, params.O);
  let blocks = params.C / 16u;
  let pairs = (blocks + 1u) / 4u; // of scales in a row, whose number is even
  var y = vec4<f32>(); // lane l: rows begin + l, + 8, + 16, + 24
  for (var piece = 0u; piece < blocks; piece += 8u * STRETCHES) {
    var v: array<vec4<f32>, 4u * STRETCHES>;
    // One load that goes round, each time for another place: eighty of them side by side take seconds to compile.
    for (var i = 0u; i < 4u * min(STRETCHES, (blocks - piece + 7u) / 8u); i++) {
      let b = piece + 8u * (i / 4u) + lane;
      let four = select(vec4<f32>(), column4(16u * min(b, blocks - 1u) + 4u * (i % 4u)), b < blocks);
      for (var k = 0u; k < 4u * STRETCHES; k++) { v[k] = select(v[k], four, i == k); }
    }
    for (var first = begin; first < end; first += 8u) {
      var own = 0.0; // lane l: row first + l
      for (var r = 0u; r < min(8u, end - first); r++) {
        let row = first + r;
        var sum = vec4<f32>();
        var s = 0u;
        for (var j = 0u; j < STRETCHES; j++) {
          let b = piece + 8u * j;
          let w = words16(row, min(b + lane, blocks - 1u));
          var part = v[4u * j] * bytes4(w.x) + v[4u * j + 1u] * bytes4(w.y) + v[4u * j + 2u] * bytes4(w.z) + v[4u * j + 3u] * bytes4(w.w);
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
      y += select(vec4<f32>(), vec4(own), vec4((first - begin) / 8u) == vec4(0u, 1u, 2u, 3u));
    }
  }
  let o = begin + lane;
  let row = min(o + vec4(0u, 8u, 16u, 24u), vec4(params.O - 1u));
  if (!HAS_GROUPS) { y *= scales4(row, 0u); }
  for (var r4 = 0u; HAS_LOW_RANK && 4u * r4 < params.R; r4++) {
    let m = u4x4(r4, 0u);
    let u = vec4(m[0].x, m[1].x, m[2].x, m[3].x);
    y += vec4(dot(u, factor4(row.x, r4)), dot(u, factor4(row.y, r4)), dot(u, factor4(row.z, r4)), dot(u, factor4(row.w, r4)));
  }
  for (var k = 0u; k < 4u; k++) { if (o + 8u * k < params.O) { store4(o + 8u * k, 0u, vec4(y[k], 0.0, 0.0, 0.0)); } }
}
