// y[c,t] = x[c,t] · rstd[t] · (weight[c] + offset),  rstd[t] = 1 / sqrt(mean_c x[c,t]² + eps)
//   x, y (G·C,T) f32 · weight (C) f32 · rstd (G,T) f32, kept for rms-norm-backward
// One workgroup per group of C rows and 4·WG_X tokens; WG_Y lanes stride over the rows of the same four tokens.
#import column-sum
override WG_X: u32 = 4u;
override WG_Y: u32 = 32u;
struct Params { C: u32, T4: u32, eps: f32, offset: f32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read> weight: array<f32>;
var<storage, read_write> y: array<vec4<f32>>;
var<storage, read_write> rstd: array<vec4<f32>>;

@compute @workgroup_size(WG_X, WG_Y)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let t4 = group.x * WG_X + lane.x;
  let t_in = min(t4, params.T4 - 1u);
  let first = group.y * params.C;
  var squares = vec4<f32>();
  for (var c = lane.y; c < params.C; c += WG_Y) {
    let v = x[(first + c) * params.T4 + t_in];
    squares = fma(v, v, squares);
  }
  let r = inverseSqrt(column_sum(squares, lane) / f32(params.C) + params.eps);
  if (t4 >= params.T4) { return; }
  if (lane.y == 0u) { rstd[group.y * params.T4 + t4] = r; }
  for (var c = lane.y; c < params.C; c += WG_Y) {
    let i = (first + c) * params.T4 + t4;
    y[i] = x[i] * r * (weight[c] + params.offset);
  }
}
