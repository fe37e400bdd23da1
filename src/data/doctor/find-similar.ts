// Rows that are nearly the same though not word for word: an earlier row that shares most of a row's runs of three words. Candidates
// come from MinHash by one permutation (Li, Owen, Zhang 2012; empty bins filled as Shrivastava 2017 does) and bands of it; what
// they are worth is then counted exactly. Time and memory grow with the rows, not with their pairs.

/** Shared runs of all runs (Jaccard) from which two rows are told to be alike. */
export const ALIKE = 0.85;
/** Below this the fingerprints are too far apart for a count to be worth it: three standard errors under ALIKE. */
const WORTH_COUNTING = 0.7;
/** A short row shares its few runs by chance. */
const LEAST_WORDS = 12;
const WORDS_A_RUN = 3;
const BANDS = 12;
const BINS_A_BAND = 5;
const BINS = BANDS * BINS_A_BAND;
const NONE = 0;
const MAX_SLOTS = 2 ** 21;
/** Earlier rows that are looked at for one row, by their fingerprints and by counting: rows of one pattern share their bands by the thousand. */
const MOST_LOOKED_AT = 400;
const MOST_COUNTED = 8;

export class SimilarRows {
  /** Of each row that was kept: the low byte of each bin's minimum. */
  #prints: Uint8Array = new Uint8Array(BINS * 1024);
  readonly #kept: number[] = [];
  /** Of each band, by its hash: the row that was kept last; and of each kept row, the one before it. */
  readonly #slots: Int32Array;
  #before = new Int32Array(BANDS * 1024);
  readonly #mask: number;
  readonly #minima = new Uint32Array(BINS);

  /** @param textOf the text of an earlier row, to count with. */
  constructor(
    rowCount: number,
    private readonly textOf: (index: number) => string,
  ) {
    const slots = Math.min(MAX_SLOTS, 2 ** Math.ceil(Math.log2(Math.max(16, rowCount * 2))));
    this.#mask = slots - 1;
    this.#slots = new Int32Array(slots * BANDS);
  }

  /** The earlier row that `text` is like, and how much they share; a row that is like none is kept to compare later ones with. */
  take(index: number, text: string): { readonly index: number; readonly shared: number } | undefined {
    const runs = runsOf(text);
    if (runs.length < LEAST_WORDS - WORDS_A_RUN + 1) return undefined;
    this.#fingerprint(runs);
    const like = this.#find(runs);
    if (like === undefined) this.#keep(index);
    return like;
  }

  #find(runs: readonly number[]): { readonly index: number; readonly shared: number } | undefined {
    const looked = new Set<number>();
    let counted = 0;
    for (let band = 0; band < BANDS; band++) {
      let known = this.#slots[this.#slotOf(band)]!;
      for (; known !== NONE && looked.size < MOST_LOOKED_AT; known = this.#before[(known - 1) * BANDS + band]!) {
        if (looked.has(known)) continue;
        looked.add(known);
        if (this.#likeness(known - 1) < WORTH_COUNTING) continue;
        const index = this.#kept[known - 1]!;
        const shared = jaccard(runs, runsOf(this.textOf(index)));
        if (shared >= ALIKE) return { index, shared };
        if (++counted === MOST_COUNTED) return undefined;
      }
    }
    return undefined;
  }

  #fingerprint(runs: readonly number[]): void {
    const minima = this.#minima.fill(0xffffffff);
    for (const run of runs) {
      const bin = run % BINS;
      if (run < minima[bin]!) minima[bin] = run;
    }
    // A bin that no run fell into takes the minimum of another, the same one for every row in which that is filled.
    const filled = Uint8Array.from(minima, (minimum) => Number(minimum !== 0xffffffff));
    for (let bin = 0; bin < BINS; bin++) {
      for (let attempt = 1; filled[bin] === 0; attempt++) {
        const other = mix(Math.imul(bin + 1, 0x9e3779b1) ^ Math.imul(attempt, 0x85ebca6b)) % BINS;
        if (filled[other] === 0) continue;
        minima[bin] = minima[other]!;
        break;
      }
    }
  }

  #slotOf(band: number): number {
    let hash = band + 1;
    for (let i = 0; i < BINS_A_BAND; i++) hash = mix(hash ^ this.#minima[band * BINS_A_BAND + i]!);
    return band * (this.#mask + 1) + (hash & this.#mask);
  }

  /** About the share of common runs, from the bins that agree. */
  #likeness(at: number): number {
    let same = 0;
    for (let bin = 0; bin < BINS; bin++)
      if (this.#prints[at * BINS + bin] === (this.#minima[bin]! >>> 8) % 256) same += 1;
    return same / BINS;
  }

  #keep(index: number): void {
    const at = this.#kept.push(index) - 1;
    if ((at + 1) * BINS > this.#prints.length) {
      const larger = new Uint8Array(this.#prints.length * 2);
      larger.set(this.#prints);
      this.#prints = larger;
      const before = new Int32Array((larger.length / BINS) * BANDS);
      before.set(this.#before);
      this.#before = before;
    }
    for (let bin = 0; bin < BINS; bin++) this.#prints[at * BINS + bin] = this.#minima[bin]! >>> 8;
    for (let band = 0; band < BANDS; band++) {
      const slot = this.#slotOf(band);
      this.#before[at * BANDS + band] = this.#slots[slot]!;
      this.#slots[slot] = at + 1;
    }
  }
}

/** Hashes of every three words in a row, from text of which `loosenText` has left words and single spaces. */
function runsOf(text: string): number[] {
  const runs: number[] = [];
  let [before, last, word] = [0, 0, 0];
  let words = 0;
  const endWord = () => {
    if (word === 0) return;
    words += 1;
    if (words >= WORDS_A_RUN) runs.push(mix(Math.imul(before, 31) ^ Math.imul(mix(last), 17) ^ mix(word ^ 0x5bd1e995)));
    before = last;
    last = word;
    word = 0;
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 32) endWord();
    else {
      word = (Math.imul(word ^ code, 0x01000193) ^ 0x811c9dc5) | 0 || 1;
      if (isWordByItself(code)) endWord();
    }
  }
  endWord();
  return runs;
}

/** Thai, Lao and what is written from China to Japan has no spaces between words. */
function isWordByItself(code: number): boolean {
  return (code >= 0x2e80 && code < 0xac00) || (code >= 0x0e00 && code < 0x0f00);
}

function jaccard(a: readonly number[], b: readonly number[]): number {
  const ofA = new Set(a);
  const ofB = new Set(b);
  let common = 0;
  for (const run of ofA) if (ofB.has(run)) common += 1;
  return common / (ofA.size + ofB.size - common);
}

/** MurmurHash3's last step, as an unsigned number. */
function mix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
