import { useStore } from 'zustand';
import type { RankGroup } from '../../engine/protocol.ts';
import { Note } from '../controls/note.tsx';
import { ProgressLine } from '../controls/progress.tsx';
import { count, loss } from '../format.ts';
import { dataStore } from './data-store.ts';
import { useLocked } from './locked.ts';
import { rankingStore, rankRows, stopRanking } from './ranking-store.ts';
import { ask, deleteFound } from './table-store.ts';
import { words } from './words.ts';

const GROUPS: readonly RankGroup[] = ['known', 'hardest', 'mislabelled'];

export function RowsRanked() {
  const { ranking, progress, problem } = useStore(rankingStore);
  const version = useStore(dataStore, (s) => s.report?.version);
  const isReady = useStore(dataStore, (s) => s.status === 'ready' && (s.report?.rows ?? 0) > 0);
  const locked = useLocked();
  const w = words.ranking;
  return (
    <section className="card stack-tight" aria-labelledby="ranking">
      <div className="line line-apart">
        <h2 id="ranking">{w.title}</h2>
        {progress ? (
          <button type="button" className="button" onClick={stopRanking}>
            {w.stop}
          </button>
        ) : (
          <button type="button" className="button" disabled={!isReady} onClick={() => void rankRows()}>
            {ranking ? w.again : w.rank}
          </button>
        )}
      </div>
      <p className="small soft">{w.lead}</p>
      {progress && progress.total > 0 && <ProgressLine base progress={progress} />}
      {problem && <Note>{problem}.</Note>}
      {ranking && ranking.version !== version && <p className="hint">{w.outdated}</p>}
      {ranking && (
        <>
          <p className="small number">{w.median(loss(ranking.medianLoss))}</p>
          <ul className="ranking">
            {GROUPS.map((group) => (
              <li key={group}>
                <div>
                  <h3 className="number">
                    {w.says[group][0]} <span className="pill">{count(ranking.groups[group])}</span>
                  </h3>
                  <p className="small soft">{w.says[group][1]}</p>
                </div>
                <div className="line">
                  <button
                    type="button"
                    className="button"
                    disabled={ranking.groups[group] === 0}
                    aria-label={`${words.doctor.show}: ${w.says[group][0]}`}
                    onClick={() => ask({ show: group, search: '' })}
                  >
                    {words.doctor.show}
                  </button>
                  <button
                    type="button"
                    className="button"
                    disabled={locked || ranking.groups[group] === 0}
                    aria-label={`${w.remove}: ${w.says[group][0]}`}
                    onClick={() => void deleteFound({ show: group, search: '' })}
                  >
                    {w.remove}
                  </button>
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
