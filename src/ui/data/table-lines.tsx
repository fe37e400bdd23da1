// biome-ignore-all lint/a11y/useSemanticElements: the elements of a table cannot be virtual lines
// biome-ignore-all lint/a11y/useFocusableInteractive: the focus is on the buttons in the cells
import { type ReactNode, useEffect, useRef } from 'react';
import { useStore } from 'zustand';
import type { TableRow } from '../../engine/protocol.ts';
import { useTallList } from '../controls/use-tall-list.ts';
import { count } from '../format.ts';
import { TableLine } from './table-line.tsx';
import { PAGE_ROWS, showWindow, tableStore } from './table-store.ts';
import { useTableKeys } from './use-table-keys.ts';
import { words } from './words.ts';

const LINE_PX = 68;
/** Names of the columns, and the frame's own lines. */
const HEAD_PX = 38;

type Pages = ReadonlyMap<number, readonly TableRow[]>;

/** The lines in the frame's window, under the names of their columns. */
export function TableLines({ total, onEdit }: { total: number; onEdit: (row: TableRow) => void }) {
  const frame = useRef<HTMLDivElement>(null);
  const pages = useStore(tableStore, (s) => s.pages);
  const hasLoss = isRanked(pages);
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
  const keys = useTableKeys({
    frame,
    total,
    lines,
    rowAt: (index) => rowAt(pages, index),
    pageRows: () => Math.floor((frame.current!.clientHeight - HEAD_PX) / LINE_PX),
  });
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
      onKeyDown={keys.press}
    >
      <ColumnNames hasLoss={hasLoss} />
      <div role="rowgroup" className="rows-body" style={{ height: heightPx }}>
        {items.map((item) => {
          const { index } = item;
          const row = rowAt(pages, index);
          return (
            <Line key={item.key} index={index} topPx={topOf(item)} heightPx={item.size}>
              {row && (
                <TableLine
                  row={row}
                  at={index}
                  stop={index === keys.stop.row ? keys.stop.column : undefined}
                  hasLoss={hasLoss}
                  onEdit={onEdit}
                  onRemove={keys.remove}
                  onStop={keys.setStop}
                />
              )}
            </Line>
          );
        })}
      </div>
    </div>
  );
}

function rowAt(pages: Pages, index: number): TableRow | undefined {
  return pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
}

/** All rows have a loss or none has. */
function isRanked(pages: Pages): boolean {
  const [some] = pages.values();
  return some?.some((row) => row.loss !== undefined) ?? false;
}

/** A line of the table where it belongs; without content it bears its number until its row has come. */
function Line(props: { index: number; topPx: number; heightPx: number; children: ReactNode }) {
  return (
    <div
      role="row"
      data-row={props.index}
      aria-rowindex={props.index + 2}
      className="rows-line rows-item"
      style={{ transform: `translateY(${props.topPx}px)`, height: props.heightPx }}
    >
      {props.children ?? (
        <span role="gridcell" className="soft number">
          {count(props.index + 1)}
        </span>
      )}
    </div>
  );
}

function ColumnNames({ hasLoss }: { hasLoss: boolean }) {
  const c = words.table.columns;
  return (
    <div role="row" aria-rowindex={1} className="rows-head rows-line small soft">
      <ColumnName name={c.line} />
      <ColumnName name={`${c.prompt} · ${c.answer}`} />
      <ColumnName name={c.tokens} look="rows-number rows-tokens" />
      {hasLoss && <ColumnName name={c.loss} look="rows-number" />}
      <ColumnName name={c.actions} look="unseen" />
    </div>
  );
}

function ColumnName({ name, look }: { name: string; look?: string }) {
  return (
    <span role="columnheader" className={look}>
      {name}
    </span>
  );
}
