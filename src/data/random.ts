// Numbers that look random and are the same on every machine: sfc32 (Chris Doty-Humphrey's PractRand, public domain),
// seeded from the words that name the stream, so that no state needs to be stored: a pure function of seed and epoch.

/** A stream of unsigned 32-bit numbers, told apart by `words` (seed, purpose, epoch, …). */
export function createRandom(...words: readonly number[]): () => number {
  let seed = 0x9e3779b9;
  // splitmix32: spreads similar seeds (0, 1, 2) over the whole state.
  const split = () => {
    seed = (seed + 0x9e3779b9) | 0;
    let z = seed;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  for (const word of words) {
    seed = Math.imul(seed ^ (word | 0), 0x85ebca6b) ^ Math.trunc(word / 2 ** 32);
    seed = split();
  }
  let [a, b, c, counter] = [split(), split(), split(), 1];
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** Fisher-Yates, in place. The bias of the multiplication is below length / 2³². */
export function shuffle(values: Uint32Array, random: () => number): Uint32Array {
  for (const _ of shuffling(values, random));
  return values;
}

/** Swaps between two moments at which others may have their turn: a millisecond's work. */
const SWAPS = 16384;

/** As `shuffle`, with a yield now and then. */
export function* shuffling(values: Uint32Array, random: () => number): Generator<void, void, void> {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor((random() / 2 ** 32) * (i + 1));
    const value = values[i]!;
    values[i] = values[j]!;
    values[j] = value;
    if (i % SWAPS === 0) yield;
  }
}
