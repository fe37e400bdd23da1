// What the half of attention's backward pass that makes dq reads and writes: see attention-subgroups-dq.
struct Params { H: u32, D: u32, T4: u32, heads_per_kv: u32, window: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> q: array<vec4<f32>>;
var<storage, read_write> k: array<vec4<f32>>;
var<storage, read_write> v: array<vec4<f32>>;
var<storage, read_write> d_o: array<vec4<f32>>;
var<storage, read_write> o: array<vec4<f32>>;
var<storage, read> segment_start: array<vec4<u32>>;
var<storage, read_write> stats: array<vec4<f32>>;
var<storage, read_write> dq: array<vec4<f32>>;
