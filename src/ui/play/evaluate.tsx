import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { Icon } from '../controls/icon.tsx';
import { Note } from '../controls/note.tsx';
import { ProgressLine } from '../controls/progress.tsx';
import { dataStore } from '../data/data-store.ts';
import { engine } from '../engine.ts';
import { goTo } from '../shell/place-store.ts';
import { changeSettings } from '../train/settings-store.ts';
import { EvalResults } from './eval-results.tsx';
import { EvalRows } from './eval-rows.tsx';
import { EvalRule } from './eval-rule.tsx';
import { addRows, clearRows, evalStore, evaluate, MAX_ROWS, takeHeldBack } from './eval-store.ts';
import { playStore } from './play-store.ts';
import { words } from './words.ts';

/** A small set of rows with what is expected, answered by all columns. */
export function Evaluate() {
  const rows = useStore(evalStore, (s) => s.rows);
  return (
    <section className="stack" aria-label={words.modeName.evaluate}>
      <div className="card stack">
        <AddRows />
        {rows.length > 0 && <EvalRows />}
      </div>
      <div className="card stack">
        <EvalRule />
        <Go />
      </div>
      <EvalResults />
    </section>
  );
}

const TAKEN = 20;

function AddRows() {
  const rows = useStore(evalStore, (s) => s.rows.length);
  const hasData = useStore(dataStore, (s) => s.status === 'ready');
  const problem = useStore(evalStore, (s) => s.takeProblem);
  const w = words.evaluate;
  return (
    <div className="stack-tight">
      <div className="line line-apart">
        <h2>{w.rows(rows)}</h2>
        <div className="line">
          <button
            type="button"
            className="button"
            disabled={rows >= MAX_ROWS}
            onClick={() => addRows([{ prompt: '', expected: '', isRendered: false }])}
          >
            {w.add}
          </button>
          <button
            type="button"
            className="button"
            disabled={!hasData || rows >= MAX_ROWS}
            onClick={() => void takeHeldBack(TAKEN)}
          >
            {w.take(TAKEN)}
          </button>
          {rows > 0 && (
            <button type="button" className="button button-plain" onClick={clearRows}>
              <Icon name="trash" /> {w.clear}
            </button>
          )}
        </div>
      </div>
      {rows === 0 && <p className="soft">{w.empty}</p>}
      {problem && (
        <Note
          title={w.takeFailed}
          ways={[
            {
              label: w.holdBack,
              onClick: () => {
                changeSettings({ validationSplit: 0.1 });
                void takeHeldBack(TAKEN);
              },
            },
            { label: words.toData, onClick: () => goTo('data') },
          ]}
        >
          {words.sentence(problem)}
        </Note>
      )}
    </div>
  );
}

function Go() {
  const columns = useStore(playStore, (s) => s.columns);
  const { isRunning, results, total, problem, rows } = useStore(evalStore);
  const hasBase = useStore(baseStore, (s) => s.status === 'open');
  const w = words.evaluate;
  const usable = rows.filter(({ prompt, expected }) => prompt.trim() !== '' && expected !== '').length;
  const why = !hasBase ? words.whyNot.noBase : usable === 0 ? w.noRows : undefined;
  return (
    <div className="stack-tight">
      <div className="line">
        {isRunning ? (
          <button type="button" className="button asking-button" onClick={() => void engine().play.stopGenerating()}>
            {words.stop}
          </button>
        ) : (
          <button
            type="button"
            className="button button-main asking-button"
            disabled={why !== undefined}
            onClick={() => void evaluate(columns)}
          >
            {w.go(usable)}
          </button>
        )}
        {why && <span className="hint">{why}</span>}
      </div>
      {isRunning && <ProgressLine progress={{ what: w.going, done: results.size, total, unit: 'rows' }} />}
      {problem && (
        <Note title={w.failed} ways={[{ label: words.again, onClick: () => void evaluate(columns) }]}>
          {words.sentence(problem)}
        </Note>
      )}
    </div>
  );
}
