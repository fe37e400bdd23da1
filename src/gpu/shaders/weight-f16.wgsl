// A weight (O,C) of f16 as weight.ts describes it. Needs params.C. What fills up the last words of a row is 0.
var<storage, read> codes: array<vec2<u32>>;

// W[row, 4·c4 … 4·c4+3] without its scale; 0 from column C on.
fn code4(row: u32, c4: u32) -> vec4<f32> {
  let w = codes[row * ((params.C + 3u) >> 2u) + c4];
  return vec4<f32>(unpack2x16float(w.x), unpack2x16float(w.y));
}

// The scale of columns 4·c4 … 4·c4+3; the same for all c4 of a group of 8.
fn scale_of(row: u32, c4: u32) -> f32 { return 1.0; }

// W[row, 4·c4 … 4·c4+3]; 0 from column C on.
fn weight4(row: u32, c4: u32) -> vec4<f32> { return code4(row, c4); }
