import { type KeyboardEvent, type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { TableRow } from '../../engine/protocol.ts';
import { engine } from '../engine.ts';
import { announce } from '../shell/trouble-store.ts';
import { changeRows } from './data-store.ts';
import { useLocked } from './locked.ts';
import { moveInTable, type TablePlace } from './table-keys.ts';
import { tableStore } from './table-store.ts';
import { words } from './words.ts';

const START: TablePlace = { row: 0, column: 0 };

/** The table under the arrow keys: which button the Tab key comes to, and where the focus goes when it moves or its row is deleted. */
export function useTableKeys(table: {
  frame: RefObject<HTMLElement | null>;
  total: number;
  lines: { scrollToOffset(px: number): void; scrollToIndex(index: number, options: { align: 'auto' }): void };
  /** Undefined: it has not come yet. */
  rowAt(index: number): TableRow | undefined;
  /** How many are in sight. */
  pageRows(): number;
}) {
  const { frame, total, lines } = table;
  const query = useStore(tableStore, (s) => s.query);
  const locked = useLocked();
  const [at, setStop] = useState(START);
  const stop = { ...at, row: Math.min(at.row, Math.max(0, total - 1)) };
  const wantsFocus = useRef(false);
  useEffect(() => {
    if (wantsFocus.current) wantsFocus.current = !focusOn(frame.current!, stop);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question is answered from its beginning
  useEffect(() => {
    lines.scrollToOffset(0);
    setStop(START);
  }, [query]);

  const remove = useCallback(async ({ index }: TableRow) => {
    if (!(await changeRows(() => engine().data.deleteRows([index])))) return;
    announce(words.table.deleted);
    // The row that takes its place has the focus; behind the last one there is none.
    wantsFocus.current = true;
  }, []);

  function press(event: KeyboardEvent) {
    const row = table.rowAt(stop.row);
    if (event.key === 'Delete' && row && !locked) return void remove(row);
    const isOther = event.ctrlKey || event.metaKey || event.altKey;
    const next = isOther ? undefined : moveInTable(event.key, stop, total, table.pageRows());
    if (!next) return;
    event.preventDefault();
    setStop(next);
    wantsFocus.current = true;
    lines.scrollToIndex(next.row, { align: 'auto' });
  }

  return { stop, setStop, remove, press };
}

/** False: the row is not here yet; until it comes the table itself has the focus. */
function focusOn(frame: HTMLElement, { row, column }: TablePlace): boolean {
  const stop = frame.querySelector<HTMLElement>(`[data-row="${row}"] [data-column="${column}"]`);
  (stop ?? frame).focus({ preventScroll: true });
  return stop !== null;
}
