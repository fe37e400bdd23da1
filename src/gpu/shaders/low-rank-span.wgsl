// First row of linear z among those of a group, and the one behind its last: rows lie one below the other, and linears that a
// group does not have have none. Needs params.end_0, params.end_1 and params.end_2.
fn span(z: u32) -> vec2<u32> {
  switch (z) {
    case 0u: { return vec2(0u, params.end_0); }
    case 1u: { return vec2(params.end_0, params.end_1); }
    default: { return vec2(params.end_1, params.end_2); }
  }
}
