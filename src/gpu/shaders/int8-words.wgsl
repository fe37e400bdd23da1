// The codes of an int8 weight (O,C), C a multiple of 16, sixteen at a time. Needs params.C.
#import int8-bytes
var<storage, read> codes: array<vec4<u32>>;

// W[row, 16·c16 … +15], four bytes a word.
fn words16(row: u32, c16: u32) -> vec4<u32> { return codes[row * (params.C >> 4u) + c16]; }

// The scales of columns 4·c4 … 4·c4+3 in four rows.
fn scales4(row: vec4<u32>, c4: u32) -> vec4<f32> {
  return vec4(scale_of(row.x, c4), scale_of(row.y, c4), scale_of(row.z, c4), scale_of(row.w, c4));
}
