import { useState } from 'react';
import { useStore } from 'zustand';
import type { TableRow } from '../../engine/protocol.ts';
import { useLocked } from './locked.ts';
import { RowDialog } from './row-dialog.tsx';
import { TableLines } from './table-lines.tsx';
import { deleteFound, tableStore } from './table-store.ts';
import { TableTools } from './table-tools.tsx';
import { words } from './words.ts';

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
      {total === 0 ? <p className="rows-none soft">{w.none}</p> : <TableLines total={total ?? 0} onEdit={setEditing} />}
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
