// What a product of low-rank branches multiplies: of each branch, the elements of x that its mask keeps. Branch z has the results
// z·ranks … (z+1)·ranks-1, and a tile of results belongs to one branch. epilogue-dropped multiplies by what kept elements grow by.
// Needs params.ranks.
#import mask-bits
var<storage, read_write> x: array<vec4<f32>>;

// Of the results that begin at o.
fn mask_of(o: u32) -> u32 { return o / params.ranks; }

// x[i] by that mask.
fn x_at(i: u32, mask: u32) -> vec4<f32> { return select(vec4<f32>(), x[i], kept4(mask, i)); }
