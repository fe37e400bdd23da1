import { useStore } from 'zustand';
import { dataStore } from '../data/data-store.ts';
import { Examples } from '../data/examples.tsx';
import { TokenLegend } from '../data/row-preview.tsx';
import { TokenRow } from '../data/token-row.tsx';
import { LibraryMini } from '../library/library-mini.tsx';
import { Duel } from '../play/duel.tsx';
import { RunsMini } from '../runs/runs-mini.tsx';
import { RunsView } from '../runs/runs-view.tsx';
import { RunSamples } from '../samples/run-samples.tsx';
import { placeHref, placeStore } from '../shell/place-store.ts';
import { RunPanel } from './run-panel.tsx';
import { SettingsPanel } from './settings-panel.tsx';
import { words } from './words.ts';
import '../data/data.css';
import './train.css';

/** Reads from left to right: base, data and settings; the run; the answers and what came of it. */
export function TrainPlace() {
  const view = useStore(placeStore, (s) => s.view);
  if (view === 'runs') return <RunsView />;
  return (
    <div className="place train-place">
      <h1 className="unseen">{words.title}</h1>
      <SettingsPanel />
      <div className="stack train-middle">
        <RunPanel />
        <RunSamples />
        <FirstRow />
      </div>
      <div className="stack train-end">
        <Duel />
        <RunsMini />
        <LibraryMini />
      </div>
    </div>
  );
}

function FirstRow() {
  const row = useStore(dataStore, (s) => s.rows[0]);
  const hasData = useStore(dataStore, (s) => s.status !== 'none');
  if (!hasData) return <AddData />;
  if (!row) return null;
  return (
    <section className="card stack-tight" aria-labelledby="first-row">
      <div className="line line-apart">
        <h2 id="first-row">{words.row}</h2>
        <TokenLegend />
      </div>
      <TokenRow preview={row} short />
      <a className="button first-row-more" href={placeHref('data')}>
        {words.moreRows}
      </a>
    </section>
  );
}

function AddData() {
  return (
    <section className="card stack-tight" aria-labelledby="add-data">
      <h2 id="add-data">{words.dropData}</h2>
      <Examples />
    </section>
  );
}
