// The codes of an int8 weight (O,C), C a multiple of 16, sixteen at a time. Needs params.C.
#import int8-bytes
#import scales4
var<storage, read> codes: array<vec4<u32>>;

// W[row, 16·c16 … +15], four bytes a word.
fn words16(row: u32, c16: u32) -> vec4<u32> { return codes[row * (params.C >> 4u) + c16]; }
