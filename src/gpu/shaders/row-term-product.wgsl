// Of row-sum: the gradient of a factor of each row, Σ_t dy[row,t]·x[row,t].
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read_write> dy: array<vec4<f32>>;

fn term4(row: u32, group: u32, t4: u32) -> vec4<f32> {
  let i = row * params.T4 + t4;
  return dy[i] * x[i];
}
fn factor(row: u32) -> f32 { return 1.0; }
