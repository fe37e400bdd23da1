// What a product with input-dropped does with its result: y = scale·k·v, with k what kept elements are multiplied with.
// Needs params.scale and params.T4.
#import mask-bits
var<storage, read_write> y: array<vec4<f32>>;

fn store4(row: u32, t4: u32, v: vec4<f32>) {
  y[row * params.T4 + t4] = params.scale * bitcast<f32>(masks[0]) * v;
}
