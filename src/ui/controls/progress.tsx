import { useEffect, useState } from 'react';
import type { Progress, Standstill } from '../../engine/protocol.ts';
import { bytes, count } from '../format.ts';
import { words } from './words.ts';

/** What is being done and how far: never a spinner alone. */
export function ProgressLine({ progress, base = false }: { progress: Progress; base?: boolean }) {
  const { what, done, total, unit, standstill } = progress;
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const isKnown = done > 0 || total > 0;
  const far = !isKnown
    ? ''
    : unit === 'bytes'
      ? `${bytes(done)} of ${bytes(total)}`
      : total > 0
        ? `${count(done)} of ${count(total)} ${unit}`
        : `${count(done)} ${unit}`;
  return (
    <div className={base ? 'progress progress-base' : 'progress'}>
      <div className="line line-apart small">
        <span>{what}</span>
        <span className="number soft">{far}</span>
      </div>
      <div
        className="progress-track"
        role="progressbar"
        aria-label={what}
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <div className="progress-fill" style={{ transform: `scaleX(${share})` }} />
      </div>
      {standstill && <TryingAgain standstill={standstill} />}
    </div>
  );
}

/** Nothing is to be done: it says why nothing comes, and counts down to the next try. */
function TryingAgain({ standstill: { reason, nextTry } }: { standstill: Standstill }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.ceil((nextTry - now) / 1000);
  return <p className="small wrong">{words.standstill(words.reasons[reason], seconds)}</p>;
}
