// A growing row of numbers, one a step, with a pyramid of minima and maxima over it. Any window of any length is then drawn
// from as many points as there are pixels, and adding a number costs the same after eight hours as after one minute.

/** Each level of the pyramid sums up this many entries of the one below it. */
const FAN = 4;
const FIRST_CAPACITY = 256;

interface Level {
  low: Float64Array<ArrayBuffer>;
  high: Float64Array<ArrayBuffer>;
}

export class Series {
  count = 0;
  values = new Float64Array(FIRST_CAPACITY);
  readonly #levels: Level[] = [];

  static of(values: ArrayLike<number>): Series {
    const series = new Series();
    for (let i = 0; i < values.length; i++) series.add(values[i]!);
    return series;
  }

  /** A number that is not finite keeps its place and is left out of minima and maxima. */
  add(value: number): void {
    if (this.count === this.values.length) this.values = grown(this.values, 0);
    const i = this.count++;
    this.values[i] = value;
    for (let k = 0, size = FAN; k === 0 || size / FAN < this.count; k++, size *= FAN) {
      const level = this.#level(k, size);
      const bucket = Math.floor(i / size);
      if (bucket >= level.low.length) {
        level.low = grown(level.low, Number.POSITIVE_INFINITY);
        level.high = grown(level.high, Number.NEGATIVE_INFINITY);
      }
      if (!Number.isFinite(value)) continue;
      if (value < level.low[bucket]!) level.low[bucket] = value;
      if (value > level.high[bucket]!) level.high[bucket] = value;
    }
  }

  get last(): number | undefined {
    return this.count > 0 ? this.values[this.count - 1] : undefined;
  }

  /** Smallest and largest finite number of entries `from` to `to` (excluded); undefined when there is none. */
  range(from: number, to: number): readonly [number, number] | undefined {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    const end = Math.min(to, this.count);
    let i = Math.max(0, from);
    while (i < end) {
      // The largest bucket that begins here and ends within the window.
      let k = -1;
      let size = 1;
      while (k + 1 < this.#levels.length && i % (size * FAN) === 0 && i + size * FAN <= end) {
        k++;
        size *= FAN;
      }
      const level = this.#levels[k];
      const value = this.values[i]!;
      const least = level ? level.low[i / size]! : value;
      const most = level ? level.high[i / size]! : value;
      if (Number.isFinite(least) && least < low) low = least;
      if (Number.isFinite(most) && most > high) high = most;
      i += size;
    }
    return high >= low ? [low, high] : undefined;
  }

  /** A level that comes late is filled from the one below it. */
  #level(k: number, size: number): Level {
    const known = this.#levels[k];
    if (known) return known;
    const length = Math.max(FIRST_CAPACITY / FAN, Math.ceil(this.count / size));
    const level = {
      low: new Float64Array(length).fill(Number.POSITIVE_INFINITY),
      high: new Float64Array(length).fill(Number.NEGATIVE_INFINITY),
    };
    for (let bucket = 0; bucket * size < this.count - 1; bucket++) {
      const range = this.range(bucket * size, Math.min((bucket + 1) * size, this.count - 1));
      if (range) [level.low[bucket], level.high[bucket]] = range;
    }
    this.#levels[k] = level;
    return level;
  }
}

function grown(from: Float64Array, fill: number): Float64Array<ArrayBuffer> {
  const into = new Float64Array(from.length * 2).fill(fill, from.length);
  into.set(from);
  return into;
}
