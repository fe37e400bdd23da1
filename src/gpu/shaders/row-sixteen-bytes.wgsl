// For matmul-column-stream: sixteen weights of a row at a time, of int8 codes that are loaded so (weight-*-wide). They are multiplied
// from where they lie, as the highest byte of a word: 2^24 times too large, which no f32 loses a bit by.
const TOO_LARGE = 16777216.0;

fn large4(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>(vec4(word << 24u, word << 16u, word << 8u, word) & vec4(0xff000000u)));
}

// A lane's i-th four columns of the 128 that begin with block b of sixteen.
fn column_of(b: u32, i: u32, lane: u32) -> u32 { return 16u * (b + lane) + 4u * i; }

// Its four times four weights of a row without the scale of their group, 1 / row_scale as large. Past the last column, any.
fn row16(row: u32, b: u32, lane: u32) -> mat4x4<f32> {
  let w = words16(row, min(b + lane, params.C / 16u - 1u));
  return mat4x4<f32>(large4(w.x), large4(w.y), large4(w.z), large4(w.w));
}

fn row_scale(row: u32) -> f32 {
  if (HAS_GROUPS) { return 1.0 / TOO_LARGE; }
  return scale_of(row, 0u) / TOO_LARGE;
}
