// y[c,t] = (x[c,t] - mean[t]) · rstd[t] · weight[c] + bias[c],  rstd[t] = 1 / sqrt(mean_c (x[c,t] - mean[t])² + eps)
//   x, y (C,T) f32 · weight, bias (C) f32 · stats (2,T) f32: mean, then rstd, kept for layer-norm-backward
// One workgroup per 4·WG_X tokens; WG_Y lanes stride over the rows of the same four tokens. Squares are taken of what is
// left after the mean: the mean of squares less the square of the mean loses all digits where the mean is large.
#import column-sum
override WG_X: u32 = 4u;
override WG_Y: u32 = 32u;
struct Params { C: u32, T4: u32, eps: f32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read> weight: array<f32>;
var<storage, read> bias: array<f32>;
var<storage, read_write> y: array<vec4<f32>>;
var<storage, read_write> stats: array<vec4<f32>>;

@compute @workgroup_size(WG_X, WG_Y)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let t4 = group.x * WG_X + lane.x;
  let t_in = min(t4, params.T4 - 1u);
  var sum = vec4<f32>();
  for (var c = lane.y; c < params.C; c += WG_Y) { sum += x[c * params.T4 + t_in]; }
  let mean = column_sum(sum, lane) / f32(params.C);
  var square = vec4<f32>();
  for (var c = lane.y; c < params.C; c += WG_Y) {
    let rest = x[c * params.T4 + t_in] - mean;
    square = fma(rest, rest, square);
  }
  let rstd = inverseSqrt(column_sum(square, lane) / f32(params.C) + params.eps);
  if (t4 >= params.T4) { return; }
  if (lane.y == 0u) {
    stats[t4] = mean;
    stats[params.T4 + t4] = rstd;
  }
  for (var c = lane.y; c < params.C; c += WG_Y) {
    let i = c * params.T4 + t4;
    y[i] = (x[i] - mean) * rstd * weight[c] + bias[c];
  }
}
