// Σ of a large buffer by many threads: how fast this device reads memory.
//   x (4·n4) f32, n4 a multiple of threads · y (threads) f32, so that nothing can be left out
// Thread i reads x[i], x[i + threads], …: neighbours read neighbours.
override WG: u32 = 64u;
struct Params { n4: u32, threads: u32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var sum = vec4<f32>(0.0);
  for (var i = id.x; i < params.n4; i += params.threads) { sum += x[i]; }
  y[id.x] = dot(sum, vec4(1.0));
}
