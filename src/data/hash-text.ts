// A 53-bit hash of a text or of numbers, for telling repeated rows: cyrb53 (public domain, bryc). Not for security. Among a
// million different rows a false repeat is expected once in 18,000 datasets.
const H1 = 0xdeadbeef;
const H2 = 0x41c6ce57;
const M1 = 2654435761;
const M2 = 1597334677;

export function hashText(text: string): number {
  let h1 = H1;
  let h2 = H2;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    h1 = Math.imul(h1 ^ code, M1);
    h2 = Math.imul(h2 ^ code, M2);
  }
  return finish(h1, h2);
}

/** Of lists of integers; the lengths count, so that [1][2] and [1, 2][] differ. */
export function hashNumbers(...lists: readonly ArrayLike<number>[]): number {
  let h1 = H1;
  let h2 = H2;
  for (const list of lists) {
    h1 = Math.imul(h1 ^ list.length, M1);
    h2 = Math.imul(h2 ^ list.length, M2);
    for (let i = 0; i < list.length; i++) {
      h1 = Math.imul(h1 ^ list[i]!, M1);
      h2 = Math.imul(h2 ^ list[i]!, M2);
    }
  }
  return finish(h1, h2);
}

function finish(a: number, b: number): number {
  let h1 = a;
  let h2 = b;
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  return 4294967296 * (2097151 & h2) + (h1 >>> 0);
}
