// For matmul-column-few, in the place of layer-norm before it: (x[c] - mean)·rstd·norm[c] + norm_bias[c], see layer-norm.wgsl
//   x, made (C,4) f32 · norm, norm_bias (C) f32
#import column-keep
override NORM_EPS: f32;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read> norm: array<f32>;
var<storage, read> norm_bias: array<f32>;
var<private> mean: f32;
var<private> rstd: f32;

fn prepare(lane: u32) {
  var sum = 0.0;
  for (var c = lane; c < params.C; c += LANES) { sum += x[c].x; }
  mean = subgroupAdd(sum) / f32(params.C);
  var squares = 0.0;
  for (var c = lane; c < params.C; c += LANES) {
    let rest = x[c].x - mean;
    squares = fma(rest, rest, squares);
  }
  rstd = inverseSqrt(subgroupAdd(squares) / f32(params.C) + NORM_EPS);
}

fn input4(c: vec4<u32>, is_in: vec4<bool>, keeps: bool) -> vec4<f32> {
  let i = min(c, vec4(params.C - 1u));
  let w = vec4(norm[i.x], norm[i.y], norm[i.z], norm[i.w]);
  let b = vec4(norm_bias[i.x], norm_bias[i.y], norm_bias[i.z], norm_bias[i.w]);
  let v = select(vec4<f32>(), (vec4(x[i.x].x, x[i.y].x, x[i.z].x, x[i.w].x) - mean) * rstd * w + b, is_in);
  if (keeps) { keep4(c, is_in, v); }
  return v;
}
