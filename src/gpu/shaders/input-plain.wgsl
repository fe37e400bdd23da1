// What a product multiplies: x as it is. See input-dropped.
var<storage, read_write> x: array<vec4<f32>>;

// Of the results that begin at o.
fn mask_of(o: u32) -> u32 { return 0u; }

// x[i] by that mask.
fn x_at(i: u32, mask: u32) -> vec4<f32> { return x[i]; }
