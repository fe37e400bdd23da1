// dx[c,t] (+)= rstd[t] · (w·dy - mean_c(w·dy) - z · mean_c(w·dy·z)),  z[c,t] = (x[c,t] - mean[t]) · rstd[t],  w = weight[c]
//   x, dy, dx (C,T) f32 · weight (C) f32 · stats (2,T) f32 from layer-norm. Adds when accumulate = 1, else overwrites
// One workgroup per 4·WG_X tokens; WG_Y lanes stride over the rows of the same four tokens.
#import column-sum
override WG_X: u32 = 4u;
override WG_Y: u32 = 32u;
struct Params { C: u32, T4: u32, accumulate: u32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read> weight: array<f32>;
var<storage, read_write> stats: array<vec4<f32>>;
var<storage, read_write> dy: array<vec4<f32>>;
var<storage, read_write> dx: array<vec4<f32>>;

@compute @workgroup_size(WG_X, WG_Y)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let t4 = group.x * WG_X + lane.x;
  let t_in = min(t4, params.T4 - 1u);
  let mean = stats[t_in];
  let rstd = stats[params.T4 + t_in];
  var sum = vec4<f32>();
  var dot = vec4<f32>();
  for (var c = lane.y; c < params.C; c += WG_Y) {
    let i = c * params.T4 + t_in;
    let d = weight[c] * dy[i];
    sum += d;
    dot = fma(d, (x[i] - mean) * rstd, dot);
  }
  let d_mean = column_sum(sum, lane) / f32(params.C);
  let z_mean = column_sum(dot, lane) / f32(params.C);
  if (t4 >= params.T4) { return; }
  for (var c = lane.y; c < params.C; c += WG_Y) {
    let i = c * params.T4 + t4;
    var d = rstd * (weight[c] * dy[i] - d_mean - (x[i] - mean) * rstd * z_mean);
    if (params.accumulate == 1u) { d += dx[i]; }
    dx[i] = d;
  }
}
