// biome-ignore-all lint/a11y/useSemanticElements: the elements of a table cannot be virtual lines
// biome-ignore-all lint/a11y/useFocusableInteractive: the focus is on the buttons in the cells
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { TableRow } from '../../engine/protocol.ts';
import { useTallList } from '../controls/use-tall-list.ts';
import { engine } from '../engine.ts';
import { count } from '../format.ts';
import { announce } from '../shell/trouble-store.ts';
import { changeRows } from './data-store.ts';
import { useLocked } from './locked.ts';
import { RowDialog } from './row-dialog.tsx';
import { moveInTable, type TablePlace } from './table-keys.ts';
import { TableLine } from './table-line.tsx';
import { deleteFound, PAGE_ROWS, showWindow, tableStore } from './table-store.ts';
import { TableTools } from './table-tools.tsx';
import { words } from './words.ts';

const LINE_PX = 68;
/** Names of the columns, and the frame's own lines. */
const HEAD_PX = 38;

/** All rows of the dataset, however many: only those in the window exist on the page. */
export function RowsTable() {
  const total = useStore(tableStore, (s) => s.total);
  const isLooking = useStore(tableStore, (s) => s.isLooking);
  const [editing, setEditing] = useState<TableRow>();
  const locked = useLocked();
  const w = words.table;
  return (
    <section className="card stack-tight rows" aria-labelledby="rows">
      <div className="line line-apart">
        <h2 id="rows">{w.title}</h2>
        <div className="line">
          <span className="small soft number" role="status">
            {isLooking || total === undefined ? w.looking : w.found(total)}
          </span>
          <DeleteFound />
        </div>
      </div>
      <TableTools />
      <p className="unseen" id="rows-keys">
        {w.keys}
      </p>
      {total === 0 ? <p className="rows-none soft">{w.none}</p> : <Lines total={total ?? 0} onEdit={setEditing} />}
      {locked && <p className="hint">{words.locked}</p>}
      {editing && <RowDialog row={editing} onClose={() => setEditing(undefined)} />}
    </section>
  );
}

/** Of all rows nobody wants to be rid of at once; of those that were looked for one may. */
function DeleteFound() {
  const total = useStore(tableStore, (s) => s.total) ?? 0;
  const isSome = useStore(tableStore, (s) => s.query.show !== 'all' || s.query.search.trim() !== '');
  const locked = useLocked();
  if (!isSome || total === 0) return null;
  return (
    <button type="button" className="button" disabled={locked} onClick={() => void deleteFound()}>
      {words.table.deleteFound(total)}
    </button>
  );
}

function Lines({ total, onEdit }: { total: number; onEdit: (row: TableRow) => void }) {
  const frame = useRef<HTMLDivElement>(null);
  const pages = useStore(tableStore, (s) => s.pages);
  const query = useStore(tableStore, (s) => s.query);
  const locked = useLocked();
  const hasLoss =
    pages
      .values()
      .next()
      .value?.some((row) => row.loss !== undefined) ?? false;
  const { lines, heightPx, topOf } = useTallList({
    frame,
    count: total,
    linePx: LINE_PX,
    overscan: 6,
    scrollPaddingEnd: HEAD_PX,
  });
  const items = lines.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => showWindow(first, last), [first, last]);

  const [at, setAt] = useState<TablePlace>({ row: 0, column: 0 });
  const stop = { ...at, row: Math.min(at.row, Math.max(0, total - 1)) };
  const rowAt = (index: number) => pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  const wantsFocus = useRef(false);
  useEffect(() => {
    if (wantsFocus.current) wantsFocus.current = !focusOn(frame.current!, stop);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question is answered from its beginning
  useEffect(() => {
    lines.scrollToOffset(0);
    setAt({ row: 0, column: 0 });
  }, [query]);

  const remove = useCallback(async ({ index }: TableRow) => {
    if (!(await changeRows(() => engine().data.deleteRows([index])))) return;
    announce(words.table.deleted);
    // The row that takes its place has the focus; behind the last one there is none.
    wantsFocus.current = true;
  }, []);

  function move(event: KeyboardEvent) {
    const row = rowAt(stop.row);
    if (event.key === 'Delete' && row && !locked) return void remove(row);
    const page = Math.floor((frame.current!.clientHeight - HEAD_PX) / LINE_PX);
    const next = event.ctrlKey || event.metaKey || event.altKey ? undefined : moveInTable(event.key, stop, total, page);
    if (!next) return;
    event.preventDefault();
    setAt(next);
    wantsFocus.current = true;
    lines.scrollToIndex(next.row, { align: 'auto' });
  }

  const c = words.table.columns;
  return (
    <div
      role="grid"
      className={hasLoss ? 'rows-frame rows-with-loss' : 'rows-frame'}
      ref={frame}
      tabIndex={-1}
      aria-label={words.table.list}
      aria-rowcount={total + 1}
      aria-describedby="rows-keys"
      style={{ maxHeight: total * LINE_PX + HEAD_PX }}
      onKeyDown={move}
    >
      <div role="row" aria-rowindex={1} className="rows-head rows-line small soft">
        <Head name={c.line} />
        <Head name={`${c.prompt} · ${c.answer}`} />
        <Head name={c.tokens} look="rows-number rows-tokens" />
        {hasLoss && <Head name={c.loss} look="rows-number" />}
        <Head name={c.actions} look="unseen" />
      </div>
      <div role="rowgroup" className="rows-body" style={{ height: heightPx }}>
        {items.map((item) => {
          const row = rowAt(item.index);
          return (
            <div
              role="row"
              key={item.key}
              data-row={item.index}
              aria-rowindex={item.index + 2}
              className="rows-line rows-item"
              style={{ transform: `translateY(${topOf(item)}px)`, height: item.size }}
            >
              {row ? (
                <TableLine
                  row={row}
                  at={item.index}
                  stop={item.index === stop.row ? stop.column : undefined}
                  hasLoss={hasLoss}
                  onEdit={onEdit}
                  onRemove={remove}
                  onStop={setAt}
                />
              ) : (
                <span role="gridcell" className="soft number">
                  {count(item.index + 1)}
                </span>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Head({ name, look }: { name: string; look?: string }) {
  return (
    <span role="columnheader" className={look}>
      {name}
    </span>
  );
}

/** False: the row is not here yet; until it comes the table itself has the focus. */
function focusOn(frame: HTMLElement, { row, column }: TablePlace): boolean {
  const stop = frame.querySelector<HTMLElement>(`[data-row="${row}"] [data-column="${column}"]`);
  (stop ?? frame).focus({ preventScroll: true });
  return stop !== null;
}
