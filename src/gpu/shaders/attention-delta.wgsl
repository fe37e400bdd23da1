// delta[h,i] = Σ_d do[h·D+d,i] · o[h·D+d,i]: what the softmax takes off every score's gradient (Dao et al., FlashAttention, 2022)
//   do, o (H·D,T) f32 · stats (2·H,T) f32: rows H … 2·H-1 are written, lse above them stays
// One invocation per head and four queries.
#import flat-index
override WG: u32 = 64u;
struct Params { H: u32, D: u32, T4: u32 }
var<uniform> params: Params;
var<storage, read_write> d_o: array<vec4<f32>>;
var<storage, read_write> o: array<vec4<f32>>;
var<storage, read_write> stats: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let n = flat_index(id, groups, WG);
  let h = n / params.T4;
  if (h >= params.H) { return; }
  let first = h * params.D * params.T4 + n % params.T4;
  var sum = vec4(0.0);
  for (var d = 0u; d < params.D; d++) {
    let i = first + d * params.T4;
    sum = fma(d_o[i], o[i], sum);
  }
  stats[params.H * params.T4 + n] = sum;
}
