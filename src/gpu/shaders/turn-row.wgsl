// One row d of four heads at one position, turned by rope: for kernels whose lanes have a row each. Needs params.half.
#import turns

// The other row of its pair; the row itself where it does not turn.
fn partner_of(d: u32) -> u32 {
  return select(select(d, d - params.half, d < 2u * params.half), d + params.half, d < params.half);
}

fn turn_row(d: u32, position: u32, own: vec4<f32>, partner: vec4<f32>) -> vec4<f32> {
  let is_low = d < params.half;
  let pair = min(select(d - params.half, d, is_low), params.half - 1u);
  let turn = turns[pair * params.P + min(position, params.P - 1u)];
  let both = turned(select(partner, own, is_low), select(own, partner, is_low), Turn(vec4(turn.x), vec4(turn.y)));
  return select(own, select(both[1], both[0], is_low), d < 2u * params.half);
}
