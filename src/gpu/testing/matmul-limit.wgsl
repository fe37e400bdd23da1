// What a driver leaves of the read rate to a product of one token: the codes of a weight are loaded, with UNPACKS made f32 and
// summed, with MULTIPLIES as well multiplied by four vectors that stay in registers, and nothing else: no x is loaded, no lanes
// are added up. IN_ORDER reads them as matmul-column-stream does, without it as matmul-column-wide.
//   codes (ROWS,COLUMNS) int8, COLUMNS a multiple of 16 · y (ROWS/4) f32, so that nothing can be left out · x (4) vec4 f32
// One workgroup is one subgroup of 8 and reads 32 rows. The constants are written before this.
@group(0) @binding(0) var<storage, read> codes: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>, 4>;

fn bytes4(word: u32) -> vec4<f32> { return vec4<f32>(unpack4xI8(word)); }

fn value(i: u32, v: mat4x4<f32>) -> vec4<f32> {
  let w = codes[min(i, ROWS * COLUMNS / 16u - 1u)];
  if (MULTIPLIES) { return (v[0] * bytes4(w.x) + v[1] * bytes4(w.y)) + (v[2] * bytes4(w.z) + v[3] * bytes4(w.w)); }
  return (bytes4(w.x) + bytes4(w.y)) + (bytes4(w.z) + bytes4(w.w));
}

fn word(i: u32) -> vec4<u32> { return codes[min(i, ROWS * COLUMNS / 16u - 1u)]; }

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let blocks = COLUMNS / 16u;
  let first = 32u * group.x * blocks;
  // Four loads a turn: of neighbours, or of four rows of the lane's.
  let start = first + select(lane * blocks, lane, IN_ORDER);
  let step = select(8u * blocks, 8u, IN_ORDER);
  let turn = select(1u, 32u, IN_ORDER);
  let v = mat4x4<f32>(x[0], x[1], x[2], x[3]);
  var a = vec4<f32>();
  var b = vec4<u32>();
  for (var i = start; i < start + blocks * turn; i += turn) {
    if (UNPACKS) { a += (value(i, v) + value(i + step, v)) + (value(i + 2u * step, v) + value(i + 3u * step, v)); }
    else { b += (word(i) + word(i + step)) + (word(i + 2u * step) + word(i + 3u * step)); }
  }
  y[8u * group.x + lane] = dot(a + vec4<f32>(b), vec4(1.0));
}
