import { useStore } from 'zustand';
import type { RunRecord } from '../../engine/protocol.ts';
import { clock, day, loss } from '../format.ts';
import { RunKey } from './run-key.tsx';
import { openRun, runsStore, toggleShown } from './runs-store.ts';
import { words } from './words.ts';

const w = words.columns;

export function RunsTable() {
  const runs = useStore(runsStore, (s) => s.runs);
  return (
    <section className="card stack-tight" aria-labelledby="runs-table">
      <h2 id="runs-table">{words.table}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section className="runs-scroll" tabIndex={0} aria-label={words.scrolls(words.table)}>
        <table className="runs-table number">
          <thead>
            <tr>
              {[w.show, w.run, w.validation, w.loss, w.steps, w.time, w.data, w.base, w.actions].map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <Row key={run.id} run={run} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Row({ run }: { run: RunRecord }) {
  const isShown = useStore(runsStore, (s) => s.shown.includes(run.id));
  const isOpen = useStore(runsStore, (s) => s.opened === run.id);
  const orNone = (value: number | undefined) => (value === undefined ? '–' : loss(value));
  return (
    <tr>
      <td>
        <label className="run-show">
          <input
            type="checkbox"
            checked={isShown}
            aria-label={words.show(run.name)}
            onChange={() => void toggleShown(run.id)}
          />
          <RunKey id={run.id} />
        </label>
      </td>
      <th scope="row">
        <span className="breaks">{run.name}</span>
        <span className="hint">
          {day(run.created)} · {words.state[run.state]}
        </span>
      </th>
      <td className="runs-validation">{orNone(run.validationAfter)}</td>
      <td>{orNone(run.finalLoss)}</td>
      <td>{words.steps(run.steps, run.totalSteps)}</td>
      <td>{clock(run.trainedMs)}</td>
      <td className="breaks">{run.data.name}</td>
      <td className="breaks">{run.base.name}</td>
      <td>
        <button
          type="button"
          className="button"
          aria-label={words.detailsOf(run.name)}
          aria-expanded={isOpen}
          onClick={() => void openRun(isOpen ? undefined : run.id)}
        >
          {words.details}
        </button>
      </td>
    </tr>
  );
}
