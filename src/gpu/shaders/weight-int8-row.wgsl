// A weight (O,C) of int8 with an f32 scale for each row, as weight.ts describes it. Needs params.C.
// The bytes that fill up the last word of a row are 0.
#import int8-bytes
var<storage, read> codes: array<u32>;
var<storage, read> scales: array<f32>;

// W[row, 4·c4 … 4·c4+3] without its scale; 0 from column C on.
fn code4(row: u32, c4: u32) -> vec4<f32> {
  return bytes4(codes[row * ((params.C + 3u) >> 2u) + c4]);
}

// The scale of columns 4·c4 … 4·c4+3; the same for all c4 of a group of 8.
fn scale_of(row: u32, c4: u32) -> f32 { return scales[row]; }

// W[row, 4·c4 … 4·c4+3]; 0 from column C on.
fn weight4(row: u32, c4: u32) -> vec4<f32> { return code4(row, c4) * scale_of(row, c4); }
