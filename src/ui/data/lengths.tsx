import { useStore } from 'zustand';
import type { LengthHistogram } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { chance } from '../format.ts';
import { ruleFor } from '../train/settings-rules.ts';
import { changeSettings, settingsStore } from '../train/settings-store.ts';
import { lengthsStore } from './lengths-store.ts';
import { useLocked } from './locked.ts';
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
            <strong>{w.longer(lengths.longer, chance(lengths.longer / lengths.rows))}</strong>,{' '}
            {w.beyond(lengths.tokensBeyond)}
            {lengths.lost > 0 && `; ${w.lost(lengths.lost)}`}.
          </>
        )}
      </p>
      <MakeRoom lengths={lengths} limit={limit} />
      {split && <p className="small soft number">{w.split(split.train, split.validation)}</p>}
    </div>
  );
}

/** Share of the rows that a proposed length holds: the few longest would cost memory for all. */
const HELD = 0.99;

/** The shortest length, in steps of 32, that holds nearly all rows; said when it holds more than the chosen one. */
function MakeRoom({ lengths, limit }: { lengths: LengthHistogram; limit: number }) {
  const context = useStore(baseStore, (s) => s.report?.contextTokens);
  const locked = useLocked();
  let held = 0;
  const bin = lengths.bins.find(({ rows }) => {
    held += rows;
    return held >= HELD * lengths.rows;
  });
  const most = ruleFor('seqLen', context).max;
  const enough = Math.min(most, lengths.longest, Math.ceil((bin?.to ?? 0) / 32) * 32);
  if (lengths.longer === 0 || enough <= limit) return null;
  return (
    <button type="button" className="button" disabled={locked} onClick={() => changeSettings({ seqLen: enough })}>
      {words.lengths.makeRoom(enough)}
    </button>
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
