// Where a part column-input-* keeps what it makes: the first token of (C,4), the others 0.
var<storage, read_write> made: array<vec4<f32>>;

fn keep4(c: vec4<u32>, is_in: vec4<bool>, v: vec4<f32>) {
  for (var k = 0u; k < 4u; k++) { if (is_in[k]) { made[c[k]] = vec4(v[k], 0.0, 0.0, 0.0); } }
}
