// gradient[m,n] += scale · Σ_t dy[m,t]·x[n,t]
//   dy (M,T) · x (N,T) · gradient (M,N), all f32
// One invocation per 4 x 4 results; no workgroup memory.
#import flat-index
override WG: u32 = 16u;
struct Params { M: u32, N: u32, T4: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read_write> dy: array<vec4<f32>>;
var<storage, read_write> x: array<vec4<f32>>;
var<storage, read_write> gradient: array<f32>;

fn store4(m: u32, n: u32, v: vec4<f32>) {
  if (m >= params.M) { return; }
  for (var k = 0u; k < 4u; k++) {
    if (n + k < params.N) { gradient[m * params.N + n + k] += params.scale * v[k]; }
  }
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WG);
  let across = (params.N + 3u) / 4u;
  let m = 4u * (i / across);
  let n = 4u * (i % across);
  if (m >= params.M) { return; }
  let row_m = min(m + vec4(0u, 1u, 2u, 3u), vec4(params.M - 1u)) * params.T4;
  let row_n = min(n + vec4(0u, 1u, 2u, 3u), vec4(params.N - 1u)) * params.T4;
  var s0 = vec4<f32>(); var s1 = vec4<f32>(); var s2 = vec4<f32>(); var s3 = vec4<f32>();
  for (var t = 0u; t < params.T4; t++) {
    let xs = transpose(mat4x4<f32>(x[row_n.x + t], x[row_n.y + t], x[row_n.z + t], x[row_n.w + t]));
    let d0 = dy[row_m.x + t]; let d1 = dy[row_m.y + t]; let d2 = dy[row_m.z + t]; let d3 = dy[row_m.w + t];
    s0 = fma(xs[0], vec4(d0.x), fma(xs[1], vec4(d0.y), fma(xs[2], vec4(d0.z), fma(xs[3], vec4(d0.w), s0))));
    s1 = fma(xs[0], vec4(d1.x), fma(xs[1], vec4(d1.y), fma(xs[2], vec4(d1.z), fma(xs[3], vec4(d1.w), s1))));
    s2 = fma(xs[0], vec4(d2.x), fma(xs[1], vec4(d2.y), fma(xs[2], vec4(d2.z), fma(xs[3], vec4(d2.w), s2))));
    s3 = fma(xs[0], vec4(d3.x), fma(xs[1], vec4(d3.y), fma(xs[2], vec4(d3.z), fma(xs[3], vec4(d3.w), s3))));
  }
  store4(m, n, s0); store4(m + 1u, n, s1); store4(m + 2u, n, s2); store4(m + 3u, n, s3);
}
