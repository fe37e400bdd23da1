// A table for kernel tests of rotary positions.

/** turns (half,P,2): cosine and sine of each position times the frequency of each pair. */
export function testTurns(half: number, P: number): Float32Array {
  return Float32Array.from({ length: 2 * half * P }, (_, i) => {
    const pair = Math.floor(i / 2);
    const angle = (pair % P) / 10000 ** (Math.floor(pair / P) / half);
    return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
  });
}
