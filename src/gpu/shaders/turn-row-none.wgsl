// In the place of turn-row where positions turn nothing, or have done so.
fn partner_of(d: u32) -> u32 { return d; }
fn turn_row(d: u32, position: u32, own: vec4<f32>, partner: vec4<f32>) -> vec4<f32> { return own; }
