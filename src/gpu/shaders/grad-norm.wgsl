// norm[0] = sqrt(Σ_i partials[0,i]),  norm[1] = 1 when some partials[1,i] is not 0 or the sum exceeds f32, else 0
//   partials (2,n) f32 · norm (2) f32
// One invocation in all.
#import is-finite
struct Params { n: u32 }
var<uniform> params: Params;
var<storage, read_write> partials: array<f32>;
var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(1)
fn main() {
  var sum = 0.0;
  var wrong = 0.0;
  for (var i = 0u; i < params.n; i++) {
    sum += partials[i];
    wrong += partials[params.n + i];
  }
  let is_good = wrong == 0.0 && is_finite4(vec4(bitcast<u32>(sum))).x;
  norm[0] = sqrt(sum);
  norm[1] = select(1.0, 0.0, is_good);
}
