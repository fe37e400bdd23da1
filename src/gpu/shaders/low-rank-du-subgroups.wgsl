enable subgroups;
// du[u_row + z·R + r, t] = scale · Σ_o B[o,r]·dy[o,t]  over the rows o of branch z, which B counts without gaps: see low-rank-span
//   B (ΣO,R), R a multiple of 4 · dy (ΣO,T) · du (·,T), all f32
// For CPU adapters with subgroups of LANES = 8 or 4. One workgroup is one subgroup and makes 4·LANES tokens x RANKS (8 or 16)
// ranks of one linear: lane l has four tokens and loads the ranks 4·l … 4·l+3, which the lanes hand round (see matmul-subgroups).
#import subgroup-tile
#import tile-sums
#import low-rank-span
struct Params {
  R: u32, T4: u32, scale: f32, u_row: u32, begin_0: u32, end_0: u32, begin_1: u32, end_1: u32, begin_2: u32, end_2: u32,
}
var<uniform> params: Params;
var<storage, read> b: array<vec4<f32>>;
var<storage, read_write> dy: array<vec4<f32>>;
var<storage, read_write> du: array<vec4<f32>>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let rows = span(group.z);
  let t = LANES * group.x + lane;
  let t_in = min(t, params.T4 - 1u);
  let r = RANKS * group.y;
  let R4 = params.R / 4u;
  let r4 = min(r / 4u + lane, R4 - 1u);
  var y0 = mat4x4<f32>(); var y1 = mat4x4<f32>(); // column k: rank k of four tokens
  var y2 = mat4x4<f32>(); var y3 = mat4x4<f32>();
  for (var o = rows.x; o < rows.y; o += 4u) {
    let row = min(o + vec4(0u, 1u, 2u, 3u), vec4(rows.y - 1u));
    let i = row * params.T4 + t_in;
    let j = (row - rows.z) * R4 + r4;
    let is_in = vec4<f32>(o + vec4(0u, 1u, 2u, 3u) < vec4(rows.y));
    let v = mat4x4<f32>(dy[i.x], dy[i.y], dy[i.z], dy[i.w]);
    let w = transpose(mat4x4<f32>(b[j.x] * is_in.x, b[j.y] * is_in.y, b[j.z] * is_in.z, b[j.w] * is_in.w));
    y0 = columns4(y0, v, w, 0u);
    y1 = columns4(y1, v, w, 1u);
    if (RANKS > 8u) {
      y2 = columns4(y2, v, w, 2u);
      y3 = columns4(y3, v, w, 3u);
    }
  }
  if (t >= params.T4) { return; }
  let first = params.u_row + group.z * params.R + r;
  let y = Sums(y0, y1, y2, y3, mat4x4<f32>(), mat4x4<f32>(), mat4x4<f32>(), mat4x4<f32>());
  for (var k = 0u; k < min(RANKS, params.R - r); k++) { du[(first + k) * params.T4 + t] = params.scale * pick(k / 4u, y)[k % 4u]; }
}
