import { useState } from 'react';
import { useStore } from 'zustand';
import type { AdapterAnatomy, AdapterRecord, RankLoss } from '../../engine/protocol.ts';
import { Slider } from '../controls/slider.tsx';
import { loss, percent } from '../format.ts';
import { labStore, measureRanks, saveCopy, stopMeasuring } from './lab-store.ts';
import { Plot } from './plot.tsx';
import { words } from './words.ts';

const w = words.rank;

/** The adapter at a lower rank: what stays, what it still does, and a copy of it. */
export function RankPanel(props: { adapter: AdapterRecord; anatomy: AdapterAnatomy; canMeasure: boolean }) {
  const { adapter, anatomy, canMeasure } = props;
  const [rank, setRank] = useState(anatomy.rank);
  const { ranks, rankRows, busy } = useStore(labStore);
  return (
    <section className="card stack-tight" aria-labelledby="lab-rank">
      <h2 id="lab-rank">{w.title}</h2>
      <p className="soft small">{w.lead}</p>
      <Slider
        name={w.slider}
        value={rank}
        min={1}
        max={anatomy.rank}
        step={1}
        says={w.says(rank, anatomy.rank)}
        disabled={anatomy.rank === 1}
        onChange={setRank}
      />
      <p className="number" aria-live="polite">
        <b>{w.says(rank, anatomy.rank)}</b>
        {': '}
        {w.kept(anatomy.energy[rank - 1] ?? 1)}
        {lossAt(ranks, rank)}
      </p>
      {ranks.length > 1 && (
        <Plot
          says={w.plot(ranks.map((point) => `${point.rank} ${loss(point.loss)}`).join(', '))}
          points={ranks.map((point) => ({
            x: point.rank,
            y: point.loss,
            label: String(point.rank),
            isBase: point.rank === 0,
          }))}
          chosen={String(rank)}
          xName={w.rankColumn}
          yName={w.lossColumn}
          text={loss}
        />
      )}
      {ranks.length > 0 && <Numbers ranks={ranks} anatomy={anatomy} />}
      {rankRows && <p className="small soft">{w.on(rankRows.rows, rankRows.isHeldBack)}</p>}
      {canMeasure ? (
        <div className="line">
          {busy === 'ranks' ? (
            <>
              <button type="button" className="button" onClick={stopMeasuring}>
                {w.stop}
              </button>
              <span className="small soft number">{w.measuring(ranks.length)}</span>
            </>
          ) : (
            <button
              type="button"
              className="button"
              disabled={busy !== undefined}
              onClick={() => void measureRanks(adapter.id)}
            >
              {w.measure}
            </button>
          )}
        </div>
      ) : (
        <p className="small soft">{w.needs}</p>
      )}
      <SaveCopy adapter={adapter} rank={rank} isWhole={rank === anatomy.rank} />
    </section>
  );
}

/** The loss at this rank, or at the nearest one that was measured. */
function lossAt(ranks: readonly RankLoss[], rank: number): string {
  const near = ranks
    .filter((point) => point.rank > 0)
    .sort((a, b) => Math.abs(a.rank - rank) - Math.abs(b.rank - rank))[0];
  if (near === undefined) return '';
  return `, ${near.rank === rank ? w.loss(near.loss) : w.near(near.rank, near.loss)}`;
}

function Numbers({ ranks, anatomy }: { ranks: readonly RankLoss[]; anatomy: AdapterAnatomy }) {
  return (
    <table className="lab-table number small">
      <thead>
        <tr>
          <th scope="col">{w.rankColumn}</th>
          <th scope="col">{w.keptColumn}</th>
          <th scope="col">{w.lossColumn}</th>
        </tr>
      </thead>
      <tbody>
        {ranks.map((point) => (
          <tr key={point.rank}>
            <td>{point.rank === 0 ? w.base : point.rank}</td>
            <td>{percent(point.rank === 0 ? 0 : (anatomy.energy[point.rank - 1] ?? 1))}</td>
            <td>{loss(point.loss)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function SaveCopy({ adapter, rank, isWhole }: { adapter: AdapterRecord; rank: number; isWhole: boolean }) {
  const busy = useStore(labStore, (s) => s.busy);
  return (
    <div className="line">
      <button
        type="button"
        className="button button-main"
        disabled={isWhole || busy !== undefined}
        onClick={() => void saveCopy(adapter.id, rank, w.nameOf(adapter.name, rank))}
      >
        {busy === 'save' ? w.saving : w.save(rank)}
      </button>
    </div>
  );
}
