// out[i] = what is left of CHAINS (8 or 16) chains of multiply-adds: a device's arithmetic rate, with nothing to load.
//   out (invocations) vec4<f32> · LINKS (4 or 1) links a turn of each · 8·CHAINS·LINKS FLOP a turn and invocation
// On a CPU the loop itself costs as much as a link (a mask for every value that goes round): four links a turn show more of what
// the device can do, one what a plain loop gets.
override WG: u32 = 64u;
struct Params { turns: u32, factor: f32, term: f32 }
var<uniform> params: Params;
var<storage, read_write> out: array<vec4<f32>>;

fn links(a: vec4<f32>) -> vec4<f32> {
  let b = vec4(params.factor);
  let c = vec4(params.term);
  if (LINKS == 1u) { return fma(a, b, c); }
  return fma(fma(fma(fma(a, b, c), b, c), b, c), b, c);
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var a0 = vec4(f32(id.x)); var a1 = a0 + 1.0; var a2 = a0 + 2.0; var a3 = a0 + 3.0;
  var a4 = a0 + 4.0; var a5 = a0 + 5.0; var a6 = a0 + 6.0; var a7 = a0 + 7.0;
  var b0 = a0 + 8.0; var b1 = a1 + 8.0; var b2 = a2 + 8.0; var b3 = a3 + 8.0;
  var b4 = a4 + 8.0; var b5 = a5 + 8.0; var b6 = a6 + 8.0; var b7 = a7 + 8.0;
  for (var i = 0u; i < params.turns; i++) {
    a0 = links(a0); a1 = links(a1); a2 = links(a2); a3 = links(a3);
    a4 = links(a4); a5 = links(a5); a6 = links(a6); a7 = links(a7);
    if (CHAINS == 16u) {
      b0 = links(b0); b1 = links(b1); b2 = links(b2); b3 = links(b3);
      b4 = links(b4); b5 = links(b5); b6 = links(b6); b7 = links(b7);
    }
  }
  out[id.x] = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + b0 + b1 + b2 + b3 + b4 + b5 + b6 + b7;
}
