// The part of the table that is on the screen, page by page. The worker has the rows; here are those around the window, and the
// old ones stay shown until the new ones have come.
import { createStore } from 'zustand/vanilla';
import type { TableQuery, TableRow } from '../../engine/protocol.ts';
import { engine } from '../engine.ts';
import { showTrouble } from '../shell/trouble-store.ts';
import { settingsStore } from '../train/settings-store.ts';
import { dataStore } from './data-store.ts';

export const PAGE_ROWS = 50;
/** Pages kept around the window: a long scroll does not gather the whole table here. */
const MAX_PAGES = 12;

interface TableState {
  readonly query: TableQuery;
  /** Undefined until the first answer. */
  readonly total: number | undefined;
  readonly pages: ReadonlyMap<number, readonly TableRow[]>;
  readonly isLooking: boolean;
}

const FIRST: TableQuery = { search: '', show: 'all', sort: 'file' };
export const tableStore = createStore<TableState>(() => ({
  query: FIRST,
  total: undefined,
  pages: new Map(),
  isLooking: false,
}));

/** Grows with every query and every change of the rows. */
let asked = 0;
const waiting = new Set<number>();
/** Pages that the window shows. */
let shown: readonly number[] = [0];

export function ask(change: Partial<TableQuery>): void {
  tableStore.setState(({ query }) => ({ query: { ...query, ...change } }));
  refresh();
}

/** Called while scrolling: fetches what is missing of the rows `first` to `last`. */
export function showWindow(first: number, last: number): void {
  const from = Math.floor(first / PAGE_ROWS);
  const to = Math.floor(last / PAGE_ROWS);
  shown = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  for (const page of shown) if (!tableStore.getState().pages.has(page)) void fetchPage(page);
}

export function refresh(): void {
  asked++;
  waiting.clear();
  const [first = 0] = shown;
  void fetchPage(first, true).then(() => {
    for (const page of shown.slice(1)) void fetchPage(page);
  });
}

async function fetchPage(page: number, isFresh = false): Promise<void> {
  if (waiting.has(page) || dataStore.getState().status === 'none') return;
  waiting.add(page);
  const mine = asked;
  const { query } = tableStore.getState();
  const { validationSplit, seed } = settingsStore.getState().settings;
  if (isFresh) tableStore.setState({ isLooking: true });
  try {
    const { total, rows } = await engine().data.queryRows(
      query,
      { validationSplit, seed },
      page * PAGE_ROWS,
      PAGE_ROWS,
    );
    if (mine !== asked) return;
    waiting.delete(page);
    tableStore.setState(({ pages }) => ({
      total,
      isLooking: false,
      pages: keepNear(isFresh ? [] : [...pages], page, rows),
    }));
    if (isFresh && rows.length === 0 && page > 0 && total > 0) {
      shown = [0];
      refresh();
    }
  } catch (error) {
    if (mine !== asked) return;
    waiting.delete(page);
    tableStore.setState({ isLooking: false });
    if (!isAbort(error)) showTrouble(error);
  }
}

function keepNear(
  pages: readonly (readonly [number, readonly TableRow[]])[],
  page: number,
  rows: readonly TableRow[],
): Map<number, readonly TableRow[]> {
  const near = pages.filter(([at]) => at !== page && Math.abs(at - page) < MAX_PAGES / 2);
  return new Map([...near, [page, rows]]);
}

/** Aborts are not errors: a newer question has come. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** New rows, or rows that have changed, are asked for again; so are they while they are being cut into tokens. */
export function followRows(): void {
  dataStore.subscribe((now, before) => {
    const isNew = now.report !== before.report || (now.status === 'ready') !== (before.status === 'ready');
    const hasRows = now.progress?.unit === 'rows' && before.progress?.unit !== 'rows';
    if (now.status === 'none' || now.status === 'waiting') {
      if (now.status === before.status) return;
      asked++;
      shown = [0];
      tableStore.setState({ query: FIRST, total: undefined, pages: new Map(), isLooking: false });
    } else if (isNew || hasRows) refresh();
  });
  settingsStore.subscribe(({ settings }, { settings: old }) => {
    const hasMoved = settings.seed !== old.seed || settings.validationSplit !== old.validationSplit;
    if (hasMoved && dataStore.getState().status === 'ready') refresh();
  });
}
