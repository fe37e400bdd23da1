// weight-q8 where C is a multiple of 16, for loads of sixteen codes.
#import int8-words
const HAS_GROUPS = true;
var<storage, read> scales: array<u32>;

// The scale of columns 4·c4 … 4·c4+3; the same for all c4 of a group of 8.
fn scale_of(row: u32, c4: u32) -> f32 {
  let i = row * ((params.C + 31u) >> 5u) + (c4 >> 3u);
  return unpack2x16float(scales[i >> 1u])[i & 1u];
}

// The i-th two scales.
fn scale_pair(i: u32) -> u32 { return scales[min(i, arrayLength(&scales) - 1u)]; }
