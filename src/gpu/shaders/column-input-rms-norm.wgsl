// For matmul-column-few, in the place of rms-norm before it: x[c]·rstd·(norm[c] + NORM_OFFSET), rstd = 1 / sqrt(mean_c x[c]² + NORM_EPS)
//   x, made (C,4) f32 · norm (C) f32
#import column-keep
override NORM_EPS: f32;
override NORM_OFFSET: f32;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read> norm: array<f32>;
var<private> rstd: f32;

fn prepare(lane: u32) {
  var squares = 0.0;
  for (var c = lane; c < params.C; c += LANES) {
    let v = x[c].x;
    squares = fma(v, v, squares);
  }
  rstd = inverseSqrt(subgroupAdd(squares) / f32(params.C) + NORM_EPS);
}

fn input4(c: vec4<u32>, is_in: vec4<bool>, keeps: bool) -> vec4<f32> {
  let i = min(c, vec4(params.C - 1u));
  let w = vec4(norm[i.x], norm[i.y], norm[i.z], norm[i.w]) + NORM_OFFSET;
  let v = select(vec4<f32>(), vec4(x[i.x].x, x[i.y].x, x[i.z].x, x[i.w].x) * rstd * w, is_in);
  if (keeps) { keep4(c, is_in, v); }
  return v;
}
