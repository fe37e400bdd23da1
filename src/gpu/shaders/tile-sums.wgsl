// What one lane of matmul-subgroups, matmul-quads and their backward forms has: eight tiles.
struct Sums {
  a: mat4x4<f32>, b: mat4x4<f32>, c: mat4x4<f32>, d: mat4x4<f32>,
  e: mat4x4<f32>, f: mat4x4<f32>, g: mat4x4<f32>, h: mat4x4<f32>,
}

// The i-th tile. A loop that stores pick(i, …) compiles several times faster than eight stores one after the
// other: a driver on a CPU writes out a store for each lane and component, with its bounds check.
fn pick(i: u32, y: Sums) -> mat4x4<f32> {
  switch (i) {
    case 0u: { return y.a; }
    case 1u: { return y.b; }
    case 2u: { return y.c; }
    case 3u: { return y.d; }
    case 4u: { return y.e; }
    case 5u: { return y.f; }
    case 6u: { return y.g; }
    default: { return y.h; }
  }
}
