// For matmul-column-stream: sixteen weights of a row for each lane, of f16, four loaded at a time. Lanes lie side by side, so that a
// load of all of them reads memory in order.
// Others read so gained nothing (processor time beside matmul-vector's, O=1536 C=576, busy machine, lavapipe): f32 1.25-1.37 ms
// beside 0.87, nf4 0.82-0.97 beside 0.78-0.82; f16 0.51-0.55 beside 0.77-0.81.
const HAS_GROUPS = false;

// A lane's i-th four columns of the 128 that begin with block b of sixteen.
fn column_of(b: u32, i: u32, lane: u32) -> u32 { return 16u * b + 32u * i + 4u * lane; }

fn four(row: u32, c4: u32) -> vec4<f32> { return code4(row, min(c4, params.C / 4u - 1u)); }

// Its four times four weights of a row. Past the last column, any.
fn row16(row: u32, b: u32, lane: u32) -> mat4x4<f32> {
  let c4 = 4u * b + lane;
  return mat4x4<f32>(four(row, c4), four(row, c4 + 8u), four(row, c4 + 16u), four(row, c4 + 24u));
}

fn row_scale(row: u32) -> f32 { return 1.0; }

// Of int8 alone.
fn scale_pair(i: u32) -> u32 { return 0u; }
