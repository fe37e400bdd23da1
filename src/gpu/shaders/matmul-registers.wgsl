// y[r,t] = scale · Σ_k W[r,k]·x[k,t]  (and what the epilogue adds); with weight-columns Wᵀ stands for W
//   W, see weight.ts · x (K,T) f32 · y (R,T) f32
// Nothing but registers, for CPU adapters without subgroups that the others know: one invocation makes 8 results x 8 tokens,
// four summed indices at a time; neighbours along T read neighbouring activations and the same weights.
#import product-params
#import side
#import low-rank
#import epilogue
var<storage, read_write> x: array<vec4<f32>>;

// Four tokens of the four rows that begin at i.
fn x4(i: vec4<u32>) -> mat4x4<f32> { return mat4x4<f32>(x[i.x], x[i.y], x[i.z], x[i.w]); }

// Four results over four summed indices.
fn add4(sum: mat4x4<f32>, v: mat4x4<f32>, w: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(sum[0] + v * w[0], sum[1] + v * w[1], sum[2] + v * w[2], sum[3] + v * w[3]);
}

fn store_block(row: u32, t: u32, sum: mat4x4<f32>) {
  if (t >= params.T4) { return; }
  for (var k = 0u; k < 4u; k++) { if (row + k < results()) { store4(row + k, t, sum[k]); } }
}

@compute @workgroup_size(8, 2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = 2u * id.x;
  let t_in = min(vec2(t, t + 1u), vec2(params.T4 - 1u));
  let r4 = 2u * id.y;
  var y00 = mat4x4<f32>(); var y01 = mat4x4<f32>(); // [block of results][block of tokens]
  var y10 = mat4x4<f32>(); var y11 = mat4x4<f32>();
  for (var k4 = 0u; 4u * k4 < summed(); k4++) {
    let i = min(4u * k4 + vec4(0u, 1u, 2u, 3u), vec4(summed() - 1u)) * params.T4;
    let u = x4(i + t_in.x);
    let v = x4(i + t_in.y);
    let a = block(r4, k4);
    let b = block(r4 + 1u, k4);
    y00 = add4(y00, u, a); y01 = add4(y01, v, a);
    y10 = add4(y10, u, b); y11 = add4(y11, v, b);
  }
  let ranks = ranks4(4u * r4, 4u * r4 + 7u);
  for (var k4 = ranks.x; k4 < ranks.y; k4++) {
    let u = u4x4(k4, t_in.x);
    let v = u4x4(k4, t_in.y);
    let a = low_block(r4, k4);
    let b = low_block(r4 + 1u, k4);
    y00 = add4(y00, u, a); y01 = add4(y01, v, a);
    y10 = add4(y10, u, b); y11 = add4(y11, v, b);
  }
  store_block(4u * r4, t, y00);
  store_block(4u * r4, t + 1u, y01);
  store_block(4u * r4 + 4u, t, y10);
  store_block(4u * r4 + 4u, t + 1u, y11);
}
