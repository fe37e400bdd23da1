// For matmul-column-few, in the place of activation before it: activate(x[c])
//   x, made (C,4) f32 · activate: one of the parts activation-*.wgsl
#import column-keep
#import activation-part
var<storage, read_write> x: array<vec4<f32>>;

fn prepare(lane: u32) {}

fn input4(c: vec4<u32>, is_in: vec4<bool>, keeps: bool) -> vec4<f32> {
  let i = min(c, vec4(params.C - 1u));
  let v = select(vec4<f32>(), activate(vec4(x[i.x].x, x[i.y].x, x[i.z].x, x[i.w].x)), is_in);
  if (keeps) { keep4(c, is_in, v); }
  return v;
}
