import { useEffect, useId, useState } from 'react';
import { useStore } from 'zustand';
import type { TableQuery } from '../../engine/protocol.ts';
import { Select } from '../controls/select.tsx';
import { dataStore, redo, undo } from './data-store.ts';
import { doctorStore } from './doctor-store.ts';
import { useLocked } from './locked.ts';
import { rankingStore } from './ranking-store.ts';
import { ask, tableStore } from './table-store.ts';
import { words } from './words.ts';

const SHOWS: readonly TableQuery['show'][] = ['all', 'used', 'skipped', 'edited'];
const SORTS = Object.keys(words.table.sorts) as TableQuery['sort'][];
/** Typing goes on for about this long between two letters. */
const TYPING_MS = 200;

export function TableTools() {
  const query = useStore(tableStore, (s) => s.query);
  const findings = useStore(doctorStore, (s) => s.findings);
  const ranking = useStore(rankingStore, (s) => s.ranking);
  const w = words.table;
  const shows = [
    ...SHOWS,
    ...(findings?.map(({ kind }) => kind) ?? []),
    ...(ranking ? (['known', 'hardest', 'mislabelled'] as const) : []),
  ];
  // What was shown stays a choice, even when a new check has nothing of it.
  if (!shows.includes(query.show)) shows.push(query.show);
  const sorts = ranking ? SORTS : SORTS.filter((sort) => sort !== 'hardest' && sort !== 'easiest');
  return (
    <div className="rows-tools">
      <Search />
      <Select
        name={w.show}
        value={query.show}
        options={shows.map((value) => ({ value, label: w.shows[value] }))}
        onChange={(show) => ask({ show })}
      />
      <Select
        name={w.sort}
        value={query.sort}
        options={sorts.map((value) => ({ value, label: w.sorts[value] }))}
        onChange={(sort) => ask({ sort })}
      />
      <UndoRedo />
    </div>
  );
}

function Search() {
  const id = useId();
  const asked = useStore(tableStore, (s) => s.query.search);
  const [text, setText] = useState(asked);
  useEffect(() => {
    const soon = setTimeout(() => text !== tableStore.getState().query.search && ask({ search: text }), TYPING_MS);
    return () => clearTimeout(soon);
  }, [text]);
  return (
    <div className="field rows-search">
      <label className="field-name" htmlFor={id}>
        {words.table.search}
      </label>
      <input id={id} type="search" className="input" value={text} onChange={(event) => setText(event.target.value)} />
    </div>
  );
}

/** Stays where the focus is when there is nothing left to undo. */
function UndoRedo() {
  const what = useStore(dataStore, (s) => s.report?.undo);
  const again = useStore(dataStore, (s) => s.report?.redo);
  const locked = useLocked();
  const w = words.table;
  return (
    <div className="line rows-undo">
      <button
        type="button"
        className="button"
        aria-disabled={locked || what === undefined}
        title={what && w.undoWhat(what)}
        onClick={() => locked || undo()}
      >
        {w.undo}
      </button>
      <button
        type="button"
        className="button"
        aria-disabled={locked || again === undefined}
        title={again && w.redoWhat(again)}
        onClick={() => locked || redo()}
      >
        {w.redo}
      </button>
    </div>
  );
}
