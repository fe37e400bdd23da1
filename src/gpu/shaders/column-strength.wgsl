// How much of an adapter each token takes part in: an input (T) f32.
var<storage, read> strength: array<vec4<f32>>;

fn strength4(t4: u32) -> vec4<f32> { return strength[t4]; }
