// The codes of a weight (O,C) in NF4 (QLoRA, Dettmers et al. 2023): indices of 4 bits into sixteen numbers, the quantiles
// of a normal distribution. What fills up the last word of a row is 7, which stands for 0. Needs params.C.
// A tree of selects, because drivers copy a table that is indexed at run time into each invocation's memory.
var<storage, read> codes: array<u32>;

fn nf4(q: vec4<u32>) -> vec4<f32> {
  let one = (q & vec4(1u)) != vec4();
  let two = (q & vec4(2u)) != vec4();
  let four = (q & vec4(4u)) != vec4();
  let low = select(
    select(select(vec4(-1.0), vec4(-0.6961928009986877), one), select(vec4(-0.5250730514526367), vec4(-0.39491748809814453), one), two),
    select(select(vec4(-0.28444138169288635), vec4(-0.18477343022823334), one), select(vec4(-0.09105003625154495), vec4(0.0), one), two),
    four,
  );
  let high = select(
    select(select(vec4(0.07958029955625534), vec4(0.16093020141124725), one), select(vec4(0.24611230194568634), vec4(0.33791524171829224), one), two),
    select(select(vec4(0.44070982933044434), vec4(0.5626170039176941), one), select(vec4(0.7229568362236023), vec4(1.0), one), two),
    four,
  );
  return select(low, high, (q & vec4(8u)) != vec4());
}

// W[row, 4·c4 … 4·c4+3] without its scale; 0 from column C on.
fn code4(row: u32, c4: u32) -> vec4<f32> {
  let half = codes[row * ((params.C + 7u) >> 3u) + (c4 >> 1u)] >> (16u * (c4 & 1u));
  return nf4((vec4(half) >> vec4(4u, 0u, 12u, 8u)) & vec4(15u));
}
