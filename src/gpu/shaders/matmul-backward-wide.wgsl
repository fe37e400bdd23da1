enable subgroups;
// dx[c,t] = scale · Σ_o W[o,c]·dy[o,t]  (or += by the epilogue)
//   W (O,C), see weight.ts · x (O,T) f32, here dy · y (C,T) f32, here dx
// For CPU adapters with subgroups of 8 (lavapipe with AVX). One workgroup is one subgroup and makes 64 columns c x 32 tokens, two
// rows o at a time. Lane l has columns 4·l … +3 and 32+4·l … +3 of all tokens and loads their weights for itself; of each row it
// loads tokens 4·l … +3, and the lanes hand those round. (In matmul-backward-subgroups, for other sizes, it is the other way about.)
//
// What bounds it: a turn's code has to fit the cache of decoded instructions (some 20 kB; loads are half of it), and each sum that
// lives over a turn costs a load, a store and a choice by the loop's mask, which takes the multipliers' place. So two rows a turn,
// and as many columns as that leaves room for. Milliseconds of processor time on two threads, lavapipe, q8, by turns with each
// other and with fma-rate's plain loop (2.8), T=128 O=256 C=688:
//   matmul-backward-subgroups                        1.38   68 % of the plain loop, a tenth of it in the stores
//   the same with stores by blocks of four columns   1.29
//   64 columns, weights handed round                 1.21
//   64 columns, tokens handed round (this)           1.13   83 %; 96 columns 1.19
//   no gain: 3 or 4 rows a turn 1.39, 1.50; 16 tokens and 4 rows 1.25; one row 1.48; codes in words of 8 or 16 bytes 1.14, 1.15;
//   the loads of a turn by a loop of their own, whose code is there once: two rows 1.38 beside 1.25, four 1.73, four without it 1.67
//   (the products of four rows are 23 kB by themselves); without stores, 8 % less;
//   all stores written out 1.15 and 1.9 s to compile; a loop that ends with its test (two choices a sum) 14 % more.
#import product-params
#import weight
#import low-rank
#import epilogue
#import subgroup-tile
#import tile-sums
var<storage, read_write> x: array<vec4<f32>>;

// Four tokens of two rows, of the lane that has them.
fn hand(lane: u32, v: mat2x4<f32>) -> mat2x4<f32> {
  return mat2x4<f32>(subgroupShuffle(v[0], lane), subgroupShuffle(v[1], lane));
}

// Two rows more: v are this lane's tokens, near and far the weights of its columns. Both for four tokens before the next four, so
// that what was handed round need not be kept.
fn turn(y: ptr<function, Sums>, z: ptr<function, Sums>, v: mat2x4<f32>, near: mat4x2<f32>, far: mat4x2<f32>) {
  let a = hand(0u, v); (*y).a += a * near; (*z).a += a * far;
  let b = hand(1u, v); (*y).b += b * near; (*z).b += b * far;
  let c = hand(2u, v); (*y).c += c * near; (*z).c += c * far;
  let d = hand(3u, v); (*y).d += d * near; (*z).d += d * far;
  let e = hand(4u, v); (*y).e += e * near; (*z).e += e * far;
  let f = hand(5u, v); (*y).f += f * near; (*z).f += f * far;
  let g = hand(6u, v); (*y).g += g * near; (*z).g += g * far;
  let h = hand(7u, v); (*y).h += h * near; (*z).h += h * far;
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let t = 8u * group.x;
  let t_in = min(t + lane, params.T4 - 1u);
  let c = 64u * group.y + 4u * lane;
  let last4 = (params.C - 1u) / 4u;
  let near = min(c / 4u, last4);
  let far = min(c / 4u + 8u, last4);
  let last = params.O - 1u;
  var y = Sums();
  var z = Sums();
  var s = vec2<f32>();
  for (var o = 0u; o < params.O; o += 2u) {
    if (o % 8u == 0u) { // lane l takes the scales of row o+l: one for the near columns of all lanes, one for the far
      let row = min(o + lane, last);
      let of_row = vec2(scale_of(row, 16u * group.y), scale_of(row, min(16u * group.y + 8u, last4)));
      s = select(vec2<f32>(), of_row, o + lane <= last);
    }
    let row = min(o + 1u, last);
    let s0 = subgroupShuffle(s, o % 8u);
    let s1 = subgroupShuffle(s, o % 8u + 1u);
    turn(
      &y, &z, mat2x4<f32>(x[o * params.T4 + t_in], x[row * params.T4 + t_in]),
      transpose(mat2x4<f32>(code4(o, near) * s0.x, code4(row, near) * s1.x)),
      transpose(mat2x4<f32>(code4(o, far) * s0.y, code4(row, far) * s1.y)),
    );
  }
  let ranks = 4u * ranks4(64u * group.y, 64u * group.y + 63u);
  for (var r = ranks.x; r < ranks.y; r += 2u) {
    turn(
      &y, &z, mat2x4<f32>(u4(r, t_in), u4(r + 1u, t_in)),
      transpose(mat2x4<f32>(factor4(r, near), factor4(r + 1u, near))),
      transpose(mat2x4<f32>(factor4(r, far), factor4(r + 1u, far))),
    );
  }
  for (var q = 0u; q < min(8u, params.T4 - t); q++) {
    let y_q = pick(q, y);
    let z_q = pick(q, z);
    for (var i = 0u; i < 4u; i++) {
      if (c + i < params.C) { store4(c + i, t + q, y_q[i]); }
      if (c + 32u + i < params.C) { store4(c + 32u + i, t + q, z_q[i]); }
    }
  }
}
