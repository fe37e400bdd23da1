// How long the rows are, and what a limit would cut: from the whole rows, so that moving the limit needs no new tokens.
export interface LengthHistogram {
  /** Rows with `from` ≤ tokens < `to`. */
  readonly bins: readonly { readonly from: number; readonly to: number; readonly rows: number }[];
  readonly rows: number;
  readonly median: number;
  readonly longest: number;
  /** Rows longer than the limit, and their tokens beyond it. */
  readonly longer: number;
  readonly tokensBeyond: number;
  /** Of the longer ones: those of which no token of the answer is left. */
  readonly lost: number;
}

const MAX_BINS = 32;

/** @param lengths `answerFrom`: the first token that is learned. @param limit tokens a row may have. */
export function lengthHistogram(
  lengths: Iterable<{ readonly tokens: number; readonly answerFrom: number; readonly isText: boolean }>,
  limit: number,
): LengthHistogram {
  const all: number[] = [];
  let longer = 0;
  let tokensBeyond = 0;
  let lost = 0;
  for (const { tokens, answerFrom, isText } of lengths) {
    all.push(tokens);
    if (tokens <= limit) continue;
    longer += 1;
    tokensBeyond += tokens - limit;
    if (!isText && answerFrom >= limit) lost += 1;
  }
  const sorted = Float64Array.from(all).sort();
  const longest = sorted.at(-1) ?? 0;
  return {
    bins: countBins(sorted, niceWidth(sorted)),
    rows: all.length,
    median: sorted[Math.floor(sorted.length / 2)] ?? 0,
    longest,
    longer,
    tokensBeyond,
    lost,
  };
}

/** 1, 2 or 5 times a power of ten; the few longest rows share the last bin rather than flatten all others. */
function niceWidth(sorted: Float64Array): number {
  const nearlyAll = sorted[Math.floor((sorted.length - 1) * 0.99)] ?? 0;
  const least = Math.max(1, (nearlyAll + 1) / MAX_BINS);
  const power = 10 ** Math.floor(Math.log10(least));
  return Math.ceil([1, 2, 5, 10].map((n) => n * power).find((width) => width >= least)!);
}

function countBins(sorted: Float64Array, width: number): LengthHistogram['bins'] {
  if (sorted.length === 0) return [];
  const longest = sorted.at(-1)!;
  const count = Math.min(MAX_BINS + 1, Math.floor(longest / width) + 1);
  const rows = new Uint32Array(count);
  for (const tokens of sorted) rows[Math.min(count - 1, Math.floor(tokens / width))]! += 1;
  return Array.from(rows, (n, i) => ({
    from: i * width,
    to: i === count - 1 ? Math.max(longest + 1, (i + 1) * width) : (i + 1) * width,
    rows: n,
  }));
}
