enable subgroups;
// What flows back through dropout, see low-rank-kept-input.
// For CPU adapters with subgroups of LANES = 8 or 4. One workgroup is one subgroup and makes 4·LANES columns x 4·LANES tokens:
// lane l has four tokens and loads the columns 4·l … 4·l+3, which the lanes hand round (see matmul-backward-subgroups).
#import subgroup-tile
#import tile-sums
#import low-rank-kept-input

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let t = LANES * group.x + lane;
  let t_in = min(t, params.T4 - 1u);
  let c = 4u * LANES * group.y;
  let C4 = params.C / 4u;
  let c4 = min(c / 4u + lane, C4 - 1u);
  for (var z = 0u; z < params.branches; z++) {
    var y = Sums();
    for (var r = z * params.R; r < (z + 1u) * params.R; r += 4u) {
      let row = r + vec4(0u, 1u, 2u, 3u);
      let i = row * params.T4 + t_in;
      let j = row * C4 + c4;
      let v = mat4x4<f32>(du[i.x], du[i.y], du[i.z], du[i.w]);
      let w = transpose(mat4x4<f32>(a[j.x], a[j.y], a[j.z], a[j.w]));
      y.a = columns4(y.a, v, w, 0u); y.b = columns4(y.b, v, w, 1u); y.c = columns4(y.c, v, w, 2u); y.d = columns4(y.d, v, w, 3u);
      if (LANES == 8u) {
        y.e = columns4(y.e, v, w, 4u); y.f = columns4(y.f, v, w, 5u); y.g = columns4(y.g, v, w, 6u); y.h = columns4(y.h, v, w, 7u);
      }
    }
    for (var k = 0u; k < min(4u * LANES, params.C - c); k++) {
      let i = (c + k) * params.T4 + t;
      if (t < params.T4) { dx[i] += select(vec4<f32>(), params.scale * pick(k / 4u, y)[k % 4u], kept4(z, i)); }
    }
  }
}
