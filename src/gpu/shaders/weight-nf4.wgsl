// A weight (O,C) in NF4 with an f32 scale for each 64 columns, as weight.ts describes it. Needs params.C.
#import nf4-codes
var<storage, read> scales: array<f32>;

// The scale of columns 4·c4 … 4·c4+3; the same for all c4 of a group of 16.
fn scale_of(row: u32, c4: u32) -> f32 { return scales[row * ((params.C + 63u) >> 6u) + (c4 >> 4u)]; }

// W[row, 4·c4 … 4·c4+3]; 0 from column C on.
fn weight4(row: u32, c4: u32) -> vec4<f32> { return code4(row, c4) * scale_of(row, c4); }
