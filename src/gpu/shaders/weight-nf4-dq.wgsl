// A weight (O,C) in NF4 whose scales, one for each 64 columns, are quantised to 8 bits themselves, as weight.ts describes
// it. Needs params.O and params.C.
#import nf4-codes
var<storage, read> scales: array<u32>;

// The scale of columns 4·c4 … 4·c4+3; the same for all c4 of a group of 16.
fn scale_of(row: u32, c4: u32) -> f32 {
  let columns = (params.C + 63u) >> 6u;
  let i = row * columns + (c4 >> 4u);
  let bytes = 257u + ((params.O * columns + 255u) >> 8u);
  let b = (scales[bytes + (i >> 2u)] >> (8u * (i & 3u))) & 255u;
  return bitcast<f32>(scales[b]) * bitcast<f32>(scales[257u + (i >> 8u)]) + bitcast<f32>(scales[256u]);
}

// W[row, 4·c4 … 4·c4+3]; 0 from column C on.
fn weight4(row: u32, c4: u32) -> vec4<f32> { return code4(row, c4) * scale_of(row, c4); }
