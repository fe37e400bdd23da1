// A weight (O,C) of f32 as weight.ts describes it; serves trained factors too. Needs params.C.
var<storage, read> codes: array<f32>;

// W[row, 4·c4 … 4·c4+3] without its scale; 0 from column C on.
fn code4(row: u32, c4: u32) -> vec4<f32> {
  let c = 4u * c4;
  let i = row * params.C + c;
  if (c + 4u <= params.C) { return vec4(codes[i], codes[i + 1u], codes[i + 2u], codes[i + 3u]); }
  let last = (row + 1u) * params.C - 1u;
  let w = vec4(codes[min(i, last)], codes[min(i + 1u, last)], codes[min(i + 2u, last)], codes[last]);
  return select(vec4<f32>(), w, c + vec4(0u, 1u, 2u, 3u) < vec4(params.C));
}

// The scale of columns 4·c4 … 4·c4+3; the same for all c4 of a group of 8.
fn scale_of(row: u32, c4: u32) -> f32 { return 1.0; }

// W[row, 4·c4 … 4·c4+3]; 0 from column C on.
fn weight4(row: u32, c4: u32) -> vec4<f32> { return code4(row, c4); }
