// weight-int8-row where C is a multiple of 16, for loads of sixteen codes.
#import int8-words
const HAS_GROUPS = false;
var<storage, read> scales: array<f32>;

// The scale of a row, the same for all its columns.
fn scale_of(row: u32, c4: u32) -> f32 { return scales[row]; }

// Of groups alone.
fn scale_pair(i: u32) -> u32 { return 0u; }
