// out[i] = what is left of eight chains of multiply-adds: a device's arithmetic rate, with nothing to load.
//   out (invocations) vec4<f32> · 8 chains · 4 links a turn · 4 lanes · 2 FLOP = 256 FLOP a turn and invocation
// Four links a turn: on a CPU the loop itself costs as much as a link (a mask for every value that goes round).
override WG: u32 = 64u;
struct Params { turns: u32, factor: f32, term: f32 }
var<uniform> params: Params;
var<storage, read_write> out: array<vec4<f32>>;

fn link4(a: vec4<f32>) -> vec4<f32> {
  let b = vec4(params.factor);
  let c = vec4(params.term);
  return fma(fma(fma(fma(a, b, c), b, c), b, c), b, c);
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var a0 = vec4(f32(id.x)); var a1 = a0 + 1.0; var a2 = a0 + 2.0; var a3 = a0 + 3.0;
  var a4 = a0 + 4.0; var a5 = a0 + 5.0; var a6 = a0 + 6.0; var a7 = a0 + 7.0;
  for (var i = 0u; i < params.turns; i++) {
    a0 = link4(a0); a1 = link4(a1); a2 = link4(a2); a3 = link4(a3);
    a4 = link4(a4); a5 = link4(a5); a6 = link4(a6); a7 = link4(a7);
  }
  out[id.x] = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7;
}
