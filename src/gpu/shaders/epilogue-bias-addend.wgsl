// What a product does with its result: y = scale·v + bias[row] + addend. Needs params.scale and params.T4.
var<storage, read_write> y: array<vec4<f32>>;
var<storage, read> bias: array<f32>;
var<storage, read_write> addend: array<vec4<f32>>;

fn store4(row: u32, t4: u32, v: vec4<f32>) {
  let i = row * params.T4 + t4;
  y[i] = addend[i] + params.scale * v + bias[row];
}
