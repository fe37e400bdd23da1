import { useStore } from 'zustand';
import type { LengthHistogram } from '../../engine/protocol.ts';
import { percent } from '../format.ts';
import { settingsStore } from '../train/settings-store.ts';
import { lengthsStore } from './lengths-store.ts';
import { words } from './words.ts';

/** Bars of the rows by their length; those that the chosen length cuts stand out. */
export function Lengths() {
  const lengths = useStore(lengthsStore, (s) => s.lengths);
  const split = useStore(lengthsStore, (s) => s.split);
  const limit = useStore(settingsStore, (s) => s.settings.seqLen);
  const w = words.lengths;
  if (!lengths || lengths.rows === 0) return null;
  return (
    <div className="stack-tight lengths">
      <h3>{w.title}</h3>
      <Bars lengths={lengths} limit={limit} />
      <p className="small number">
        {lengths.longer === 0 ? (
          w.all(limit)
        ) : (
          <>
            <strong>{w.longer(lengths.longer, percent(lengths.longer / lengths.rows))}</strong>,{' '}
            {w.beyond(lengths.tokensBeyond)}
            {lengths.lost > 0 && `; ${w.lost(lengths.lost)}`}.
          </>
        )}
      </p>
      {split && <p className="small soft number">{w.split(split.train, split.validation)}</p>}
    </div>
  );
}

function Bars({ lengths, limit }: { lengths: LengthHistogram; limit: number }) {
  const { bins, rows, median, longest } = lengths;
  const most = Math.max(...bins.map((bin) => bin.rows));
  const w = words.lengths;
  return (
    <>
      <div className="lengths-bars" role="img" aria-label={w.chart(rows, median, longest)}>
        {bins.map((bin) => (
          <span
            key={bin.from}
            className={
              bin.from > limit
                ? 'lengths-bar lengths-cut'
                : bin.to - 1 > limit
                  ? 'lengths-bar lengths-split'
                  : 'lengths-bar'
            }
            title={w.rows(bin.from, bin.to, bin.rows)}
            style={{ height: bin.rows === 0 ? 0 : `${Math.max(3, (bin.rows / most) * 100)}%` }}
          />
        ))}
      </div>
      <div className="line line-apart small soft number lengths-axis" aria-hidden="true">
        <span>0</span>
        <span>{bins.at(-1)!.to - 1}</span>
      </div>
    </>
  );
}
