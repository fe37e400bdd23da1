// The four int8 codes of a word.
fn bytes4(word: u32) -> vec4<f32> { return vec4<f32>(unpack4xI8(word)); }
