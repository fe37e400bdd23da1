// What flows back through dropout: dx[c,t] += scale · Σ_z kept_z[c,t] · Σ_r A[z·R + r, c]·du[z·R + r, t]
//   A (branches·R,C) f32, R and C multiples of 4 · du (branches·R,T) · dx (C,T) · masks, see mask-bits
#import mask-bits
struct Params { C: u32, T4: u32, R: u32, branches: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read> a: array<vec4<f32>>;
var<storage, read_write> du: array<vec4<f32>>;
var<storage, read_write> dx: array<vec4<f32>>;
