// y[i] (+)= x[i] / (1 - p) where bits[i] ≥ threshold = p·2^32, else 0
//   bits[4·k … 4·k+3] = philox(counter (k, step, key), key (seed))
//   x, y (n) f32, n = 4·n4 · seed_step (4) u32: seed low, seed high, step, 1 = off (y = x). Adds when accumulate = 1, else overwrites
// One invocation per four elements. Backward is the same shader on dy.
#import flat-index
#import philox
override WG: u32 = 64u;
struct Params { n4: u32, threshold: u32, keep_scale: f32, key_low: u32, key_high: u32, accumulate: u32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read> seed_step: array<u32>;
var<storage, read_write> y: array<vec4<f32>>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  if (i >= params.n4) { return; }
  let bits = philox(vec4(i, seed_step[2], params.key_low, params.key_high), vec2(seed_step[0], seed_step[1]));
  var v = select(vec4(0.0), x[i] * params.keep_scale, bits >= vec4(params.threshold));
  if (seed_step[3] == 1u) { v = x[i]; }
  if (params.accumulate == 1u) { v += y[i]; }
  y[i] = v;
}
