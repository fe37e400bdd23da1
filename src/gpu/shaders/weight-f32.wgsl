// A weight (O,C) of f32 as weight.ts describes it, for any C; weight-f32-aligned reads faster where C is a multiple of 4.
// Serves trained factors too. Needs params.C.
var<storage, read> codes: array<f32>;

// W[row, 4·c4 … 4·c4+3] without its scale; 0 from column C on.
fn code4(row: u32, c4: u32) -> vec4<f32> {
  let c = 4u * c4 + vec4(0u, 1u, 2u, 3u);
  let i = row * params.C + min(c, vec4(params.C - 1u));
  return select(vec4<f32>(), vec4(codes[i.x], codes[i.y], codes[i.z], codes[i.w]), c < vec4(params.C));
}

// The scale of columns 4·c4 … 4·c4+3; the same for all c4 of a group of 8.
fn scale_of(row: u32, c4: u32) -> f32 { return 1.0; }

// W[row, 4·c4 … 4·c4+3]; 0 from column C on.
fn weight4(row: u32, c4: u32) -> vec4<f32> { return code4(row, c4); }
