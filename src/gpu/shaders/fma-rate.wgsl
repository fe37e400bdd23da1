// Eight independent chains of vec4 multiply-adds in registers: how fast this device multiplies and adds in f32.
//   y (threads) f32, so that nothing can be left out
override WG: u32 = 64u;
struct Params { rounds: u32 }
var<uniform> params: Params;
var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let m = vec4<f32>(0.999 + 1e-7 * f32(id.x));
  var a = vec4<f32>(1.0); var b = vec4<f32>(2.0); var c = vec4<f32>(3.0); var d = vec4<f32>(4.0);
  var e = vec4<f32>(5.0); var f = vec4<f32>(6.0); var g = vec4<f32>(7.0); var h = vec4<f32>(8.0);
  for (var i = 0u; i < params.rounds; i++) {
    a = fma(a, m, m); b = fma(b, m, m); c = fma(c, m, m); d = fma(d, m, m);
    e = fma(e, m, m); f = fma(f, m, m); g = fma(g, m, m); h = fma(h, m, m);
  }
  y[id.x] = dot(a + b + c + d + e + f + g + h, vec4(1.0));
}
