// Scores of four own columns (queries, or keys in dk and dv) against four other columns: column c of the matrix holds
// other column c for the four own ones.
#import alibi
const HIDDEN = -3.4e38;

fn outer_add(sum: mat4x4<f32>, own: vec4<f32>, other: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(
    fma(own, vec4(other.x), sum[0]), fma(own, vec4(other.y), sum[1]), fma(own, vec4(other.z), sum[2]), fma(own, vec4(other.w), sum[3]));
}

// Own column c sees the other columns low[c] … high[c].
fn sees(other: u32, low: vec4<u32>, high: vec4<u32>) -> vec4<bool> {
  return (low <= vec4(other)) & (vec4(other) <= high);
}

// Scores, leaned where the model has ALiBi, with those out of sight replaced by HIDDEN; `first` is the other column of s[0].
fn hide(s: mat4x4<f32>, first: u32, low: vec4<u32>, high: vec4<u32>) -> mat4x4<f32> {
  let hidden = vec4(HIDDEN);
  let l = lean(s, first);
  return mat4x4<f32>(
    select(hidden, l[0], sees(first, low, high)), select(hidden, l[1], sees(first + 1u, low, high)),
    select(hidden, l[2], sees(first + 2u, low, high)), select(hidden, l[3], sees(first + 3u, low, high)));
}

fn top(s: mat4x4<f32>) -> vec4<f32> {
  return max(max(s[0], s[1]), max(s[2], s[3]));
}

fn total(p: mat4x4<f32>) -> vec4<f32> {
  return (p[0] + p[1]) + (p[2] + p[3]);
}

// 2^(s - origin). A hidden score gives 0, or at most 1 where nothing has been seen yet (origin is HIDDEN too); what that
// adds is multiplied by 2^-126 as soon as something is seen, and every query sees itself.
fn weigh4(s: mat4x4<f32>, origin: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(exp2(s[0] - origin), exp2(s[1] - origin), exp2(s[2] - origin), exp2(s[3] - origin));
}
