// Of row-sum: the gradient of an RMSNorm's weight, Σ_t dy·x·rstd over every group of `rows` rows (a head).
//   x, dy (groups·rows,T) · rstd (groups,T)
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read_write> rstd: array<vec4<f32>>;
var<storage, read_write> dy: array<vec4<f32>>;

fn term4(row: u32, group: u32, t4: u32) -> vec4<f32> {
  let i = (group * params.rows + row) * params.T4 + t4;
  return dy[i] * x[i] * rstd[group * params.T4 + t4];
}
fn factor(row: u32) -> f32 { return 1.0; }
