// Twins of gatherColumns and scatterColumns.

export interface ChosenColumns {
  readonly columns: ArrayLike<number>;
  /** How many of `columns` count. */
  readonly used: number;
  /** Of `columns`, those from `offset` to `offset + count`. */
  readonly offset: number;
  readonly count: number;
}

/** x (C,T) → y (C,count), y[c,m] = x[c,columns[offset+m]] where offset+m < used, else 0. */
export function gatherColumnsCpu(
  x: ArrayLike<number>,
  [C, T]: readonly [C: number, T: number],
  { columns, used, offset, count }: ChosenColumns,
): Float64Array {
  const y = new Float64Array(C * count);
  for (let c = 0; c < C; c++)
    for (let m = 0; m < count && offset + m < used; m++) y[c * count + m] = x[c * T + columns[offset + m]!]!;
  return y;
}

/** dy (C,count) → dx (C,T) with the columns that are used replaced. */
export function scatterColumnsCpu(
  dy: ArrayLike<number>,
  dx: ArrayLike<number>,
  [C, T]: readonly [C: number, T: number],
  { columns, used, offset, count }: ChosenColumns,
): Float64Array {
  const result = Float64Array.from(dx);
  for (let c = 0; c < C; c++)
    for (let m = 0; m < count && offset + m < used; m++) result[c * T + columns[offset + m]!] = dy[c * count + m]!;
  return result;
}
