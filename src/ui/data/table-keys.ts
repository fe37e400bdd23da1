// Where a key takes the focus in the table. The table is one stop of the Tab key: rows and what can be done with them are reached by
// the arrows, so that nobody has to pass 200,000 rows to come out of it again.

export interface TablePlace {
  readonly row: number;
  /** What can be done with a row: look, edit, delete. */
  readonly column: number;
}

const COLUMNS = 3;

/** Undefined: the key means nothing here. `page`: rows that are in sight. */
export function moveInTable(
  key: string,
  { row, column }: TablePlace,
  total: number,
  page: number,
): TablePlace | undefined {
  const by: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
    ArrowDown: [1, 0],
    ArrowUp: [-1, 0],
    ArrowRight: [0, 1],
    ArrowLeft: [0, -1],
    PageDown: [Math.max(1, page), 0],
    PageUp: [-Math.max(1, page), 0],
    End: [total, 0],
    Home: [-total, 0],
  };
  const step = Object.hasOwn(by, key) ? by[key] : undefined;
  if (step === undefined || total === 0) return undefined;
  return { row: within(row + step[0], total), column: within(column + step[1], COLUMNS) };
}

function within(at: number, count: number): number {
  return Math.max(0, Math.min(count - 1, at));
}
