// Of row-sum: the gradient of a bias, Σ_t dy[row,t].
var<storage, read_write> dy: array<vec4<f32>>;

fn term4(row: u32, group: u32, t4: u32) -> vec4<f32> { return dy[row * params.T4 + t4]; }
fn factor(row: u32) -> f32 { return 1.0; }
