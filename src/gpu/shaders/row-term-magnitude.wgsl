// Of row-sum: the gradient of DoRA's magnitude, Σ_t dy[row,t]·v[row,t] / n[row].
var<storage, read_write> dy: array<vec4<f32>>;
var<storage, read_write> v: array<vec4<f32>>;
var<storage, read_write> n: array<f32>;

fn term4(row: u32, group: u32, t4: u32) -> vec4<f32> {
  let i = row * params.T4 + t4;
  return dy[i] * v[i];
}
fn factor(row: u32) -> f32 { return 1.0 / n[row]; }
