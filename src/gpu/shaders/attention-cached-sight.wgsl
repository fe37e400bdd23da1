const NO_ROW = 0xffffffffu;

// The positions of a chunk that a token at `position` sees: the first, and the one behind the last.
fn sight_of(position: u32, chunk: u32, window: u32, per_chunk: u32) -> vec2<u32> {
  let low = position + 1u - min(window, position + 1u);
  return vec2(max(low, chunk * per_chunk), min(position + 1u, (chunk + 1u) * per_chunk));
}
