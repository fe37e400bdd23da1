// Where attention-cached-* leaves what it makes of one chunk of several, for attention-cached-combine:
//   sums (chunks,quads,D,T) vec4 f32 over the quad's heads · stats (chunks,quads,T,2) vec4 f32: largest score and sum of
//   2^(score - largest)
const IS_WHOLE = false;
var<storage, read_write> sums: array<vec4<f32>>;
var<storage, read_write> stats: array<vec4<f32>>;

// Of four heads; `at` their places in o, `i` that in sums.
fn put_sum(at: vec4<u32>, i: u32, sum: vec4<f32>) { sums[i] = sum; }
// `i`: (chunk·quads + quad)·T + t.
fn put_stats(i: u32, m: vec4<f32>, l: vec4<f32>) {
  stats[2u * i] = m;
  stats[2u * i + 1u] = l;
}
