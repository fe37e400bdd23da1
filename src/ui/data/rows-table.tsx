import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { TableRow } from '../../engine/protocol.ts';
import { count } from '../format.ts';
import { useLocked } from './locked.ts';
import { RowDialog } from './row-dialog.tsx';
import { TableLine } from './table-line.tsx';
import { PAGE_ROWS, showWindow, tableStore } from './table-store.ts';
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
        <span className="small soft number" role="status">
          {isLooking || total === undefined ? w.looking : w.found(total)}
        </span>
      </div>
      <TableTools />
      {total === 0 ? <p className="rows-none soft">{w.none}</p> : <Lines total={total ?? 0} onEdit={setEditing} />}
      {locked && <p className="hint">{words.locked}</p>}
      {editing && <RowDialog row={editing} onClose={() => setEditing(undefined)} />}
    </section>
  );
}

function Lines({ total, onEdit }: { total: number; onEdit: (row: TableRow) => void }) {
  const frame = useRef<HTMLDivElement>(null);
  const pages = useStore(tableStore, (s) => s.pages);
  const hasLoss = useStore(
    tableStore,
    (s) =>
      s.pages
        .values()
        .next()
        .value?.some((row) => row.loss !== undefined) ?? false,
  );
  const lines = useVirtualizer({
    count: total,
    getScrollElement: () => frame.current,
    estimateSize: () => LINE_PX,
    overscan: 6,
  });
  const items = lines.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => showWindow(first, last), [first, last]);
  const c = words.table.columns;
  return (
    <section
      className={hasLoss ? 'rows-frame rows-with-loss' : 'rows-frame'}
      ref={frame}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
      tabIndex={0}
      aria-label={words.table.list}
      style={{ maxHeight: total * LINE_PX + HEAD_PX }}
    >
      <div className="rows-head rows-line small soft" aria-hidden="true">
        <span>{c.line}</span>
        <span>
          {c.prompt} · {c.answer}
        </span>
        <span className="rows-number rows-tokens">{c.tokens}</span>
        {hasLoss && <span className="rows-number">{c.loss}</span>}
      </div>
      <ul className="rows-body" style={{ height: lines.getTotalSize() }}>
        {items.map((item) => {
          const row = pages.get(Math.floor(item.index / PAGE_ROWS))?.[item.index % PAGE_ROWS];
          return (
            <li
              key={item.key}
              aria-setsize={total}
              aria-posinset={item.index + 1}
              className="rows-line rows-item"
              style={{ transform: `translateY(${item.start}px)`, height: item.size }}
            >
              {row ? (
                <TableLine row={row} hasLoss={hasLoss} onEdit={onEdit} />
              ) : (
                <span className="soft number">{count(item.index + 1)}</span>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
