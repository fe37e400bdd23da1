// g = gradScale · min(1, clip / (norm + 1e-6)) · grads          (no minimum when clip = 0)
// p = p · (1 - lr·decay);  m = β1·m + (1-β1)·g;  v = β2·v + (1-β2)·g²;  p = p - lr · m̂ / (sqrt(v̂) + eps),  m̂ = m / (1-β1^t), v̂ = v / (1-β2^t)
//   params_flat, grads, m, v (n) f32, n = 4·n4 · norm (2) f32 from grad-norm: nothing changes when norm[1] is not 0
//   hyper f32: lr, β1, β2, eps, 1-β1^t, 1-β2^t, clip, gradScale, 1-β1, 1-β2
//   groups (n/64) vec2 f32: multiplier of lr, decay
// One invocation per four elements. torch's order of operations (torch.optim.AdamW, clip_grad_norm_).
#import flat-index
override WG: u32 = 64u;
struct Params { n4: u32 }
var<uniform> params: Params;
var<storage, read_write> params_flat: array<vec4<f32>>;
var<storage, read_write> grads: array<vec4<f32>>;
var<storage, read_write> m: array<vec4<f32>>;
var<storage, read_write> v: array<vec4<f32>>;
var<storage, read> hyper: array<f32>;
var<storage, read> groups: array<vec2<f32>>;
var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>) {
  let i = flat_index(id, grid, WG);
  if (i >= params.n4 || norm[1] != 0.0) { return; }
  let clip = hyper[6];
  let coefficient = select(1.0, min(1.0, clip / (norm[0] + 1e-6)), clip > 0.0);
  let lr = hyper[0] * groups[i / 16u].x;
  let g = grads[i] * (hyper[7] * coefficient);
  let m_new = hyper[1] * m[i] + hyper[8] * g;
  let v_new = hyper[2] * v[i] + hyper[9] * g * g;
  let step = (lr / hyper[4]) * m_new / (sqrt(v_new) / sqrt(hyper[5]) + hyper[3]);
  params_flat[i] = params_flat[i] * (1.0 - lr * groups[i / 16u].y) - step;
  m[i] = m_new;
  v[i] = v_new;
}
