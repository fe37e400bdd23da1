// sums[r,i] = Σ_k partials[r,k] over k = i, i + lanes, i + 2·lanes, …   r = 0, 1
//   partials (2,n) f32 · sums (2,lanes) f32
#import flat-index
override WG: u32 = 64u;
struct Params { n: u32, lanes: u32 }
var<uniform> params: Params;
var<storage, read_write> partials: array<f32>;
var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let lane = flat_index(id, groups, WG);
  if (lane >= params.lanes) { return; }
  var sum = 0.0;
  var wrong = 0.0;
  for (var i = lane; i < params.n; i += params.lanes) {
    sum += partials[i];
    wrong += partials[params.n + i];
  }
  sums[lane] = sum;
  sums[params.lanes + lane] = wrong;
}
