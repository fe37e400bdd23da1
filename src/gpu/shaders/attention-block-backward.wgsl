// Weights and score gradients from scores, for the two halves of attention's backward. Own columns are the components.
#import attention-block
const LN2 = 0.6931471805599453;

// Own queries against four keys: ds = p·(dp - delta).
fn query_gradient(s: mat4x4<f32>, dp: mat4x4<f32>, lse: vec4<f32>, delta: vec4<f32>) -> mat4x4<f32> {
  let p = weigh4(s, lse);
  return mat4x4<f32>(p[0] * (dp[0] - delta), p[1] * (dp[1] - delta), p[2] * (dp[2] - delta), p[3] * (dp[3] - delta));
}

// Own keys against four queries, whose lse and delta are the components: p …
fn key_weights(s: mat4x4<f32>, lse: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(exp2(s[0] - lse.x), exp2(s[1] - lse.y), exp2(s[2] - lse.z), exp2(s[3] - lse.w));
}

// … and ds.
fn key_gradient(p: mat4x4<f32>, dp: mat4x4<f32>, delta: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(p[0] * (dp[0] - delta.x), p[1] * (dp[1] - delta.y), p[2] * (dp[2] - delta.z), p[3] * (dp[3] - delta.w));
}
