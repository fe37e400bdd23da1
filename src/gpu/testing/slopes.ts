// The first rung of the ladder: central differences in float64, one entry at a time.

/** d loss / d values, entry by entry; `values` is changed and put back. */
export function slopes(loss: () => number, values: Float64Array, step = 1e-4): Float64Array {
  return values.map((v, i) => {
    values[i] = v + step;
    const up = loss();
    values[i] = v - step;
    const down = loss();
    values[i] = v;
    return (up - down) / (2 * step);
  });
}
