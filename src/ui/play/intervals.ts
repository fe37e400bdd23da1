// How sure a small count is.

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 95 %. */
const Z = 1.959964;

/**
 * Share of `hits` among `n` with 95 % confidence (Wilson 1927). Unlike p ± z·√(p(1-p)/n) it stays within 0 and 1 and is not
 * empty when all or none hit:
 *   (p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n)
 */
export function wilson(hits: number, n: number): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const p = hits / n;
  const middle = p + Z ** 2 / (2 * n);
  const spread = Z * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n ** 2));
  const scale = 1 + Z ** 2 / n;
  return { low: Math.max(0, (middle - spread) / scale), high: Math.min(1, (middle + spread) / scale) };
}

const RESAMPLES = 1000;

/**
 * Perplexity exp(Σ loss / Σ tokens) over rows, with the 95 % interval that 1,000 drawings of as many rows give (the
 * percentile bootstrap, Efron 1979). The drawings are the same every time.
 */
export function perplexity(rows: readonly { readonly lossSum: number; readonly tokens: number }[]): Interval & {
  readonly value: number;
} {
  const of = (picked: readonly { readonly lossSum: number; readonly tokens: number }[]) => {
    let loss = 0;
    let tokens = 0;
    for (const row of picked) {
      loss += row.lossSum;
      tokens += row.tokens;
    }
    return Math.exp(loss / Math.max(1, tokens));
  };
  const random = mulberry32(1);
  const drawn = Array.from({ length: RESAMPLES }, () =>
    of(rows.map(() => rows[Math.floor(random() * rows.length)]!)),
  ).sort((a, b) => a - b);
  return {
    value: of(rows),
    low: drawn[Math.floor(RESAMPLES * 0.025)]!,
    high: drawn[Math.ceil(RESAMPLES * 0.975) - 1]!,
  };
}

/** Numbers in [0,1) that look random and are always the same. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
