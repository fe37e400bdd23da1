// Rotary positions: by how much dimension pair d turns at a position. Needs params.P.
var<storage, read> turns: array<vec2<f32>>; // (half,P)

struct Turn { cos: vec4<f32>, sin: vec4<f32> }

fn turn_of(d: u32, positions: vec4<u32>) -> Turn {
  let at = d * params.P + min(positions, vec4(params.P - 1u));
  let a = turns[at.x];
  let b = turns[at.y];
  let c = turns[at.z];
  let e = turns[at.w];
  return Turn(vec4(a.x, b.x, c.x, e.x), vec4(a.y, b.y, c.y, e.y));
}
