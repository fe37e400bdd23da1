import { useEffect } from 'react';
import { useStore } from 'zustand';
import { placeHref } from '../shell/place-store.ts';
import { RunDetails } from './run-details.tsx';
import { RunsChart } from './runs-chart.tsx';
import { runsStore, showSome, undoDelete } from './runs-store.ts';
import { RunsTable } from './runs-table.tsx';
import { SettingDifferences } from './setting-differences.tsx';
import { words } from './words.ts';
import './runs.css';

/** A view of its own in the Train place: all runs, several laid over one another, and what differs between them. */
export function RunsView() {
  const runs = useStore(runsStore, (s) => s.runs);
  const opened = useStore(runsStore, (s) => s.runs.find(({ id }) => id === s.opened));
  useEffect(() => void showSome(), []);
  return (
    <div className="place stack runs-view">
      <header className="line line-apart">
        <div>
          <h1>{words.title}</h1>
          <p className="soft">{words.lead}</p>
        </div>
        <a className="button" href={placeHref('train')}>
          {words.back}
        </a>
      </header>
      <Deleted />
      {runs.length === 0 ? (
        <section className="card stack-tight">
          <h2>{words.none}</h2>
          <p className="soft">{words.noneBody}</p>
        </section>
      ) : (
        <>
          <RunsChart />
          <RunsTable />
          {opened && <RunDetails run={opened} key={opened.id} />}
          <SettingDifferences />
        </>
      )}
    </div>
  );
}

function Deleted() {
  const deleted = useStore(runsStore, (s) => s.deleted);
  if (!deleted) return null;
  return (
    <div className="card line line-apart runs-deleted">
      <p className="breaks">{words.deletedUndo(deleted.name)}</p>
      <button type="button" className="button" onClick={() => void undoDelete()}>
        {words.undo}
      </button>
    </div>
  );
}
