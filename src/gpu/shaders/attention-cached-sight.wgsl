const NO_ROW = 0xffffffffu;

// First and last position of a chunk that a token at `position` sees; first > last when it sees none of them.
fn sight_of(position: u32, chunk: u32, window: u32, per_chunk: u32) -> vec2<u32> {
  let low = position + 1u - min(window, position + 1u);
  return vec2(max(low, chunk * per_chunk), min(position, (chunk + 1u) * per_chunk - 1u));
}
