// Rotary positions: the two rows of a pair turn by an angle of theirs at each position. Needs params.P.
var<storage, read> turns: array<vec2<f32>>; // (half,P): cosine and sine

struct Turn { cos: vec4<f32>, sin: vec4<f32> }

fn turn_of(pair: u32, positions: vec4<u32>) -> Turn {
  let at = pair * params.P + min(positions, vec4(params.P - 1u));
  let a = turns[at.x];
  let b = turns[at.y];
  let c = turns[at.z];
  let e = turns[at.w];
  return Turn(vec4(a.x, b.x, c.x, e.x), vec4(a.y, b.y, c.y, e.y));
}

// Both rows of a pair.
fn turned(low: vec4<f32>, high: vec4<f32>, turn: Turn) -> mat2x4<f32> {
  return mat2x4<f32>(low * turn.cos - high * turn.sin, high * turn.cos + low * turn.sin);
}
