// The part of the table that is on the screen, page by page. The worker has the rows; here are those around the window, and the
// old ones stay shown until the new ones have come.
import { createStore } from 'zustand/vanilla';
import type { TableQuery, TableRow } from '../../engine/protocol.ts';
import { engine } from '../engine.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { settingsStore } from '../train/settings-store.ts';
import { changeRows, dataStore } from './data-store.ts';
import { words } from './words.ts';

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

/** All rows that the question finds, as one step that can be undone. */
export async function deleteFound(question: Partial<TableQuery> = {}): Promise<void> {
  const { query } = tableStore.getState();
  const { validationSplit, seed } = settingsStore.getState().settings;
  const before = dataStore.getState().report?.tableRows ?? 0;
  const isDone = await changeRows(() =>
    engine().data.deleteFound({ ...query, ...question }, { validationSplit, seed }),
  );
  if (isDone) announce(words.table.deletedMany(before - (dataStore.getState().report?.tableRows ?? 0)));
}

/** Called while scrolling: fetches what is missing of the rows `first` to `last`. */
export function showWindow(first: number, last: number): void {
  const from = Math.floor(first / PAGE_ROWS);
  const to = Math.floor(last / PAGE_ROWS);
  shown = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const missing = shown.filter((page) => !tableStore.getState().pages.has(page) && !waiting.has(page));
  if (missing.length > 0) void fetchPages(missing, false);
}

/** All that is shown comes at once, so that no row of it is gone in between, and the focus with it. */
export function refresh(): void {
  asked++;
  waiting.clear();
  void fetchPages(shown, true);
}

async function fetchPages(wanted: readonly number[], isFresh: boolean): Promise<void> {
  if (dataStore.getState().status === 'none') return;
  for (const page of wanted) waiting.add(page);
  const mine = asked;
  const { query } = tableStore.getState();
  const { validationSplit, seed } = settingsStore.getState().settings;
  const first = wanted[0]!;
  const count = (wanted.at(-1)! - first + 1) * PAGE_ROWS;
  if (isFresh) tableStore.setState({ isLooking: true });
  try {
    const found = await engine().data.queryRows(query, { validationSplit, seed }, first * PAGE_ROWS, count);
    if (mine !== asked) return;
    for (const page of wanted) waiting.delete(page);
    const { total, rows } = found;
    const pages = wanted.map((page) => {
      const from = (page - first) * PAGE_ROWS;
      return [page, rows.slice(from, from + PAGE_ROWS)] as const;
    });
    tableStore.setState((before) => ({
      total,
      isLooking: false,
      pages: keepNear(isFresh ? [] : [...before.pages], pages),
    }));
    if (isFresh && rows.length === 0 && first > 0 && total > 0) {
      shown = [0];
      refresh();
    }
  } catch (error) {
    if (mine !== asked) return;
    for (const page of wanted) waiting.delete(page);
    tableStore.setState({ isLooking: false });
    if (!isAbort(error)) showTrouble(error);
  }
}

type Page = readonly [number, readonly TableRow[]];

function keepNear(pages: readonly Page[], fresh: readonly Page[]): Map<number, readonly TableRow[]> {
  const [[middle]] = fresh as [Page];
  return new Map([...pages.filter(([at]) => Math.abs(at - middle) < MAX_PAGES / 2), ...fresh]);
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
