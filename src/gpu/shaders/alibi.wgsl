// ALiBi (Press et al., 2022): a head's scores fall with the distance of query and key, each head by a slope of its own:
//   s[h] -= slope(h)·|own - other|,  slope(h) = 2^(-8·(h+1)/M) for h < M, 2^(-4·(2·(h-M)+1)/M) for the rest
// M = ALIBI is the largest power of two that is not above the number of heads; 0: the model has no ALiBi, and nothing is
// computed. `lean_from` says once which own columns and heads the components of the scores belong to.
override ALIBI: u32 = 0u;
const LOG2_E = 1.4426950408889634;
var<private> lean_own: vec4<f32>;
var<private> lean_slope: vec4<f32>;

fn lean_from(own: vec4<u32>, head: vec4<u32>) {
  if (ALIBI == 0u) { return; }
  let h = vec4<f32>(head);
  let m = f32(ALIBI);
  let exponent = select(-4.0 * (2.0 * (h - m) + 1.0) / m, -8.0 * (h + 1.0) / m, head < vec4(ALIBI));
  lean_slope = LOG2_E * exp2(exponent);
  lean_own = vec4<f32>(own);
}

// `first` is the other column of s[0].
fn lean(s: mat4x4<f32>, first: u32) -> mat4x4<f32> {
  if (ALIBI == 0u) { return s; }
  let d = lean_own - f32(first);
  return mat4x4<f32>(
    s[0] - lean_slope * abs(d), s[1] - lean_slope * abs(d - 1.0),
    s[2] - lean_slope * abs(d - 2.0), s[3] - lean_slope * abs(d - 3.0));
}
