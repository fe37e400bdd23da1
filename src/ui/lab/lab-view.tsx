import { useStore } from 'zustand';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { Note } from '../controls/note.tsx';
import { dataStore } from '../data/data-store.ts';
import { isLora } from '../library/is-lora.ts';
import { BasePanel } from './base-panel.tsx';
import { closeLab, dismissProblem, labStore, openLab } from './lab-store.ts';
import { MergePanel } from './merge-panel.tsx';
import { ModuleMap } from './module-map.tsx';
import { OthersPanel } from './others-panel.tsx';
import { RankPanel } from './rank-panel.tsx';
import { StrengthPanel } from './strength-panel.tsx';
import { VerifyPanel } from './verify-panel.tsx';
import { words } from './words.ts';
import './lab.css';

/** Stands in the place of the library while one of its adapters is looked into. */
export default function LabView({ adapter }: { adapter: AdapterRecord }) {
  const { anatomy, failure, problem } = useStore(labStore);
  const base = useStore(baseStore, (s) => s.report);
  const hasData = useStore(dataStore, (s) => s.report !== undefined);
  const hasBase = base?.hash === adapter.baseHash;
  return (
    <div className="place lab stack">
      <header className="line line-apart">
        <h1 className="breaks">{words.title(adapter.name)}</h1>
        <button type="button" className="button" onClick={closeLab}>
          {words.back}
        </button>
      </header>
      {!isLora(adapter) && <p className="soft">{words.noRank(adapter.method!)}</p>}
      {failure && (
        <Note title={words.failed} ways={[{ label: words.again, onClick: () => void openLab(adapter) }]}>
          {failure}.
        </Note>
      )}
      {problem && (
        <Note title={words.problem} ways={[{ label: words.dismiss, onClick: dismissProblem }]}>
          {problem}.
        </Note>
      )}
      {!isLora(adapter) && (
        <div className="lab-columns">
          <div className="stack">
            <StrengthPanel adapter={adapter} canMeasure={hasBase} />
          </div>
          <div className="stack">
            <MergePanel adapter={adapter} hasBase={hasBase} />
            <VerifyPanel adapter={adapter} />
          </div>
        </div>
      )}
      {isLora(adapter) && !anatomy && !failure && <p className="soft">{words.loading}</p>}
      {anatomy && (
        <div className="lab-columns">
          <div className="stack">
            <ModuleMap anatomy={anatomy} />
            <StrengthPanel adapter={adapter} canMeasure={hasBase} />
            {base && <BasePanel key={base.hash} />}
          </div>
          <div className="stack">
            <RankPanel adapter={adapter} anatomy={anatomy} canMeasure={hasBase && hasData} />
            <OthersPanel />
            <MergePanel adapter={adapter} hasBase={hasBase} />
            <VerifyPanel adapter={adapter} />
          </div>
        </div>
      )}
    </div>
  );
}
