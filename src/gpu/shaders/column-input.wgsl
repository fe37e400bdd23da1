// What matmul-column-few multiplies: the first token of x (C,4) f32, as it is. The other parts column-input-* make it of what an op
// before would have read, and keep it for whoever else reads it.
var<storage, read_write> x: array<vec4<f32>>;

// Called once by all lanes, before anything else.
fn prepare(lane: u32) {}

// x[c[k],0] where `is_in`, else 0. `keeps` in one workgroup alone, where what is made is written.
fn input4(c: vec4<u32>, is_in: vec4<bool>, keeps: bool) -> vec4<f32> {
  let i = min(c, vec4(params.C - 1u));
  return select(vec4<f32>(), vec4(x[i.x].x, x[i.y].x, x[i.z].x, x[i.w].x), is_in);
}
