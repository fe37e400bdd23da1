// dx[c,t] (+)= rstd[t] · w[c] · dy[c,t] - x[c,t] · rstd[t]³ · mean_c(w·dy·x)[t],  w = weight + offset
//   x, dy, dx (G·C,T) f32 · weight (C) f32 · rstd (G,T) f32 from rms-norm. Adds when accumulate = 1, else overwrites
// One workgroup per group of C rows and 4·WG_X tokens; WG_Y lanes stride over the rows of the same four tokens.
#import column-sum
override WG_X: u32 = 4u;
override WG_Y: u32 = 32u;
struct Params { C: u32, T4: u32, accumulate: u32, offset: f32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read> weight: array<f32>;
var<storage, read_write> rstd: array<vec4<f32>>;
var<storage, read_write> dy: array<vec4<f32>>;
var<storage, read_write> dx: array<vec4<f32>>;

@compute @workgroup_size(WG_X, WG_Y)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let t4 = group.x * WG_X + lane.x;
  let t_in = min(t4, params.T4 - 1u);
  let first = group.y * params.C;
  var dot = vec4<f32>();
  for (var c = lane.y; c < params.C; c += WG_Y) {
    let i = (first + c) * params.T4 + t_in;
    dot = fma((weight[c] + params.offset) * dy[i], x[i], dot);
  }
  let mean = column_sum(dot, lane) / f32(params.C);
  if (t4 >= params.T4) { return; }
  let r = rstd[group.y * params.T4 + t4];
  let slope = r * r * r * mean;
  for (var c = lane.y; c < params.C; c += WG_Y) {
    let i = (first + c) * params.T4 + t4;
    var d = r * (weight[c] + params.offset) * dy[i] - slope * x[i];
    if (params.accumulate == 1u) { d += dx[i]; }
    dx[i] = d;
  }
}
