import { useStore } from 'zustand';
import { loss } from '../format.ts';
import { placeHref } from '../shell/place-store.ts';
import { words as trainWords } from '../train/words.ts';
import { RunKey } from './run-key.tsx';
import { runsStore } from './runs-store.ts';
import { words } from './words.ts';
import './runs.css';

const SHOWN = 4;

/** The newest runs, where the next one is set up. */
export function RunsMini() {
  const runs = useStore(runsStore, (s) => s.runs);
  return (
    <section className="card stack-tight" aria-labelledby="runs-mini">
      <h2 id="runs-mini">{words.mini}</h2>
      {runs.length === 0 ? (
        <p className="soft small">{words.miniEmpty}</p>
      ) : (
        <>
          <table className="runs-mini number">
            <thead>
              <tr>
                <th scope="col">{words.columns.run}</th>
                <th scope="col">{words.rank}</th>
                <th scope="col">{words.valid}</th>
              </tr>
            </thead>
            <tbody>
              {runs.slice(0, SHOWN).map((run) => (
                <tr key={run.id}>
                  <th scope="row" className="breaks">
                    <RunKey id={run.id} /> {run.name}
                  </th>
                  <td>
                    {(run.settings.method ?? 'lora') === 'lora'
                      ? run.settings.rank
                      : trainWords.method.labels[run.settings.method!]}
                  </td>
                  <td>{run.validationAfter === undefined ? words.state[run.state] : loss(run.validationAfter)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <a className="button runs-compare" href={placeHref('train', 'runs')}>
            {words.compare}
          </a>
        </>
      )}
    </section>
  );
}
