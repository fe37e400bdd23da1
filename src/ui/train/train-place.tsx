import { useStore } from 'zustand';
import { dataStore } from '../data/data-store.ts';
import { Examples } from '../data/examples.tsx';
import { LibraryMini } from '../library/library-mini.tsx';
import { Duel } from '../play/duel.tsx';
import { RunsMini } from '../runs/runs-mini.tsx';
import { RunsView } from '../runs/runs-view.tsx';
import { RunSamples } from '../samples/run-samples.tsx';
import { placeStore } from '../shell/place-store.ts';
import { Xray } from '../xray/xray.tsx';
import { RunPanel } from './run-panel.tsx';
import { SettingsPanel } from './settings-panel.tsx';
import { words } from './words.ts';

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
        <RowSeen />
      </div>
      <div className="stack train-end">
        <Duel />
        <RunsMini />
        <LibraryMini />
      </div>
    </div>
  );
}

function RowSeen() {
  const hasData = useStore(dataStore, (s) => s.status !== 'none');
  return hasData ? <Xray /> : <AddData />;
}

function AddData() {
  return (
    <section className="card stack-tight" aria-labelledby="add-data">
      <h2 id="add-data">{words.dropData}</h2>
      <Examples />
    </section>
  );
}
