// What the half of attention's backward pass that makes dk and dv reads and writes: see attention-subgroups-dkdv.
struct Params { H: u32, D: u32, T4: u32, heads_per_kv: u32, window: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> q: array<vec4<f32>>;
var<storage, read_write> k: array<vec4<f32>>;
var<storage, read_write> v: array<vec4<f32>>;
var<storage, read_write> d_o: array<vec4<f32>>;
var<storage, read> segment_end: array<vec4<u32>>;
var<storage, read_write> stats: array<vec4<f32>>;
var<storage, read_write> dk: array<vec4<f32>>;
var<storage, read_write> dv: array<vec4<f32>>;
