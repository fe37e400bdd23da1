// n[o] = sqrt(Σ_c (W[o,c] + scale·Σ_r B[o,r]·A[r,c])²): length of each row of a weight with its adapter (DoRA, Liu et al. 2024)
//   W (O,C), see weight.ts · a (R,C) · b (O,R) · n (O), all f32
// Four rows a lane; LANES lanes stride over the columns of the same rows, WG such groups a workgroup.
#import weight
override LANES: u32 = 32u;
override WG: u32 = 2u;
struct Params { O: u32, C: u32, R: u32, scale: f32 }
var<uniform> params: Params;
var<storage, read> a: array<f32>;
var<storage, read> b: array<f32>;
var<storage, read_write> n: array<f32>;
var<workgroup> sums: array<vec4<f32>, LANES * WG>;

// A[r, 4·c4 … +3]; 0 from column C on.
fn a4(r: u32, c4: u32) -> vec4<f32> {
  let c = 4u * c4 + vec4(0u, 1u, 2u, 3u);
  let i = r * params.C + min(c, vec4(params.C - 1u));
  return select(vec4<f32>(), vec4(a[i.x], a[i.y], a[i.z], a[i.w]), c < vec4(params.C));
}

@compute @workgroup_size(LANES, WG)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let first = 4u * (group.x * WG + lane.y);
  let rows = min(first + vec4(0u, 1u, 2u, 3u), vec4(params.O - 1u));
  var sum = vec4<f32>();
  for (var c4 = lane.x; 4u * c4 < params.C; c4 += LANES) {
    var d0 = vec4<f32>();
    var d1 = vec4<f32>();
    var d2 = vec4<f32>();
    var d3 = vec4<f32>();
    for (var r = 0u; r < params.R; r++) {
      let v = a4(r, c4);
      d0 = fma(vec4(b[rows.x * params.R + r]), v, d0);
      d1 = fma(vec4(b[rows.y * params.R + r]), v, d1);
      d2 = fma(vec4(b[rows.z * params.R + r]), v, d2);
      d3 = fma(vec4(b[rows.w * params.R + r]), v, d3);
    }
    d0 = weight4(rows.x, c4) + params.scale * d0;
    d1 = weight4(rows.y, c4) + params.scale * d1;
    d2 = weight4(rows.z, c4) + params.scale * d2;
    d3 = weight4(rows.w, c4) + params.scale * d3;
    sum += vec4(dot(d0, d0), dot(d1, d1), dot(d2, d2), dot(d3, d3));
  }
  let own = lane.y * LANES + lane.x;
  sums[own] = sum;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.x < half) { sums[own] += sums[own + half]; }
  }
  if (lane.x > 0u) { return; }
  for (var i = 0u; i < 4u; i++) {
    if (first + i < params.O) { n[first + i] = sqrt(sums[own][i]); }
  }
}
