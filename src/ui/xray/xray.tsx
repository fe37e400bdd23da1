import { useStore } from 'zustand';
import { Choice } from '../controls/choice.tsx';
import { dataStore, showRow } from '../data/data-store.ts';
import { count } from '../format.ts';
import { libraryStore } from '../library/library-store.ts';
import { runningHere, runStore } from '../train/run-store.ts';
import { LEVELS } from './loss-level.ts';
import { TokenDetail } from './token-detail.tsx';
import { TokenField } from './token-field.tsx';
import { words } from './words.ts';
import { adapterEyes, lookThrough, xrayStore } from './xray-store.ts';
import './xray.css';

/** A row as the model sees it: every token, whether it is learned, and how surprised the model is by it. */
export function Xray() {
  const row = useStore(dataStore, (s) => s.row);
  const all = useStore(dataStore, (s) => s.report?.rows ?? 0);
  const side = useStore(xrayStore, (s) => s.side);
  const losses = useStore(xrayStore, (s) => s.losses[s.side]);
  if (!row) return null;
  const learned = row.tokens.filter((token) => token.supervised).length;
  return (
    <section className={`card stack-tight xray xray-${side}`} aria-labelledby="xray">
      <div className="line line-apart">
        <h2 id="xray">{words.title}</h2>
        <div className="line">
          <button type="button" className="button" disabled={row.row === 0} onClick={() => void showRow(row.row - 1)}>
            {words.earlier}
          </button>
          <button
            type="button"
            className="button"
            disabled={row.row + 1 >= all}
            onClick={() => void showRow(row.row + 1)}
          >
            {words.later}
          </button>
        </div>
      </div>
      <div className="line line-apart xray-tools">
        <Eyes />
        <Legend />
      </div>
      <figure className="token-figure">
        <figcaption className="small soft number line line-apart">
          <span className="breaks">{words.rowPlace(row.row + 1, row.file, row.line)}</span>
          <span>{words.rowCount(learned, row.tokens.length)}</span>
        </figcaption>
        <TokenField key={`${count(row.row)} ${row.file} ${row.line}`} tokens={row.tokens} losses={losses} />
      </figure>
      <TokenDetail />
    </section>
  );
}

function Eyes() {
  const side = useStore(xrayStore, (s) => s.side);
  const isRunning = useStore(runStore, runningHere);
  useStore(runStore, (s) => s.result);
  useStore(libraryStore, (s) => s.adapters);
  const adapter = adapterEyes();
  if (adapter === undefined) return null;
  return (
    <div className="line">
      <Choice
        name={words.eyes}
        hideName
        value={side}
        options={[
          { value: 'base', label: words.base },
          { value: 'adapter', label: isRunning ? words.running : words.adapter },
        ]}
        onChange={lookThrough}
      />
      {isRunning && side === 'adapter' && <span className="small soft">{words.live}</span>}
    </div>
  );
}

function Legend() {
  return (
    <div className="xray-legend small soft">
      <span className="token">{words.read}</span>
      <span className="token token-special">{words.special}</span>
      <span className="xray-loss">
        <span>{words.legend}</span>
        <span className="xray-scale number">
          {Array.from({ length: LEVELS }, (_, level) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the steps of a scale
            <span key={level} className={`token token-learned token-loss-${level}`}>
              {words.legendSteps[level]}
            </span>
          ))}
        </span>
      </span>
    </div>
  );
}
