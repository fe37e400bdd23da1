// Σ of a large buffer by many threads: how fast this device reads memory.
//   x (4·n4) f32, n4 a multiple of 8·threads · y (threads) f32, so that nothing can be left out
// Thread i reads x[i], x[i + threads], …: neighbours read neighbours. Eight loads a turn, so that the loop costs little.
override WG: u32 = 64u;
struct Params { n4: u32, threads: u32 }
var<uniform> params: Params;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var a = vec4<f32>(); var b = vec4<f32>(); var c = vec4<f32>(); var d = vec4<f32>();
  let n = params.threads;
  for (var i = id.x; i < params.n4; i += 8u * n) {
    a += x[i] + x[i + 4u * n];
    b += x[i + n] + x[i + 5u * n];
    c += x[i + 2u * n] + x[i + 6u * n];
    d += x[i + 3u * n] + x[i + 7u * n];
  }
  y[id.x] = dot(a + b + c + d, vec4(1.0));
}
