// What a product does with its result: y = scale·v + bias[row]. Needs params.scale and params.T4.
var<storage, read_write> y: array<vec4<f32>>;
var<storage, read> bias: array<f32>;

fn store4(row: u32, t4: u32, v: vec4<f32>) {
  y[row * params.T4 + t4] = params.scale * v + bias[row];
}
