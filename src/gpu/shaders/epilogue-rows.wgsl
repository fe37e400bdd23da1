// What a product does with its result: rows y_row, y_row+1, … of y = scale·v. Needs params.scale, params.y_row and params.T4.
var<storage, read_write> y: array<vec4<f32>>;

fn store4(row: u32, t4: u32, v: vec4<f32>) {
  y[(params.y_row + row) * params.T4 + t4] = params.scale * v;
}
