// What a product does with its result: y = scale·strength·v, an adapter's share of each token. Needs params.scale and params.T4.
#import column-strength
var<storage, read_write> y: array<vec4<f32>>;

fn store4(row: u32, t4: u32, v: vec4<f32>) {
  y[row * params.T4 + t4] = params.scale * strength4(t4) * v;
}
