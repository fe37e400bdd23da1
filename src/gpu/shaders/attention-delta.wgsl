// delta[h,i] = Σ_d do[h·D+d,i] · o[h·D+d,i]: what the softmax takes off every score's gradient (Dao et al., FlashAttention, 2022)
// For four queries of a head whose rows begin at `own`; d in the order in which dp is summed, so that a query that sees itself
// alone has a gradient of exactly 0. Needs params.D, params.T4, d_o and o.
fn delta_of(own: u32) -> vec4<f32> {
  var sum = vec4(0.0);
  for (var d = 0u; d < params.D; d++) { sum = fma(d_o[own + d * params.T4], o[own + d * params.T4], sum); }
  return sum;
}
