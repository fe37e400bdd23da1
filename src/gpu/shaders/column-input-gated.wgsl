// For matmul-column-few, in the place of gated-activation before it: activate(gate[c])·up[c]
//   gate, up, made (C,4) f32 · activate: one of the parts activation-*.wgsl
#import column-keep
#import activation-part
var<storage, read_write> gate: array<vec4<f32>>;
var<storage, read_write> up: array<vec4<f32>>;

fn prepare(lane: u32) {}

fn input4(c: vec4<u32>, is_in: vec4<bool>, keeps: bool) -> vec4<f32> {
  let i = min(c, vec4(params.C - 1u));
  let g = vec4(gate[i.x].x, gate[i.y].x, gate[i.z].x, gate[i.w].x);
  let v = select(vec4<f32>(), activate(g) * vec4(up[i.x].x, up[i.y].x, up[i.z].x, up[i.w].x), is_in);
  if (keeps) { keep4(c, is_in, v); }
  return v;
}
