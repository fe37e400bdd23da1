// sums[0,i] = Σ_k (gradScale·grads[k])² over the finite elements of lane i,  sums[1,i] = how many of its vec4 are not finite
//   grads (n) f32, n = 4·n4 · hyper f32, see adamw · sums (2,lanes) f32
// Lane i takes vec4 i, i + lanes, i + 2·lanes, …: a fixed order, neighbours side by side.
#import flat-index
#import is-finite
override WG: u32 = 64u;
struct Params { n4: u32, lanes: u32 }
var<uniform> params: Params;
var<storage, read_write> grads: array<vec4<f32>>;
var<storage, read> hyper: array<f32>;
var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let lane = flat_index(id, groups, WG);
  if (lane >= params.lanes) { return; }
  var sum = vec4(0.0);
  var wrong = 0.0;
  for (var i = lane; i < params.n4; i += params.lanes) {
    let is_good = is_finite4(bitcast<vec4<u32>>(grads[i]));
    let x = select(vec4(0.0), grads[i], is_good) * hyper[7];
    sum = fma(x, x, sum);
    if (!all(is_good)) { wrong += 1.0; }
  }
  sums[lane] = (sum.x + sum.y) + (sum.z + sum.w);
  sums[params.lanes + lane] = wrong;
}
