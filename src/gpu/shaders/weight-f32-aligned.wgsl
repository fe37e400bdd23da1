// A weight (O,C) of f32 as weight.ts describes it, C a multiple of 4. Serves trained factors too. Needs params.C.
var<storage, read> codes: array<vec4<f32>>;

// W[row, 4·c4 … 4·c4+3] without its scale.
fn code4(row: u32, c4: u32) -> vec4<f32> { return codes[row * (params.C >> 2u) + c4]; }

// The scale of columns 4·c4 … 4·c4+3; the same for all c4 of a group of 8.
fn scale_of(row: u32, c4: u32) -> f32 { return 1.0; }

// W[row, 4·c4 … 4·c4+3].
fn weight4(row: u32, c4: u32) -> vec4<f32> { return code4(row, c4); }
