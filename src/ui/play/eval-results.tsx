import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { Note } from '../controls/note.tsx';
import { sentence } from '../engine.ts';
import { Estimate } from './estimate.tsx';
import { evalStore, type KeyedRow } from './eval-store.ts';
import { perplexity, wilson } from './intervals.ts';
import { judgeAnswers } from './match.ts';
import { words } from './words.ts';

/** Passed or not: a row's contestants. */
type Passes = ReadonlyMap<number, readonly boolean[]>;

export function EvalResults() {
  const { results, rows, contestants } = useStore(evalStore);
  const { passes, problem } = usePasses();
  const done = rows.filter(({ key }) => results.has(key));
  if (done.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby="eval-results">
      <h2 id="eval-results">{words.evaluate.results(done.length)}</h2>
      {problem && <Note title={words.evaluate.notJudged}>{words.sentence(problem)}</Note>}
      <Summary done={done} passes={passes} />
      <Differences done={done} passes={passes} />
      <details className="eval-details">
        <summary>{words.evaluate.details}</summary>
        <ol className="stack">
          {done.map((row) => (
            <li key={row.key} className="stack-tight">
              <p className="hint breaks">{words.evaluate.expectedIs(row.expected)}</p>
              {contestants.map(({ name }, i) => (
                <p key={name} className="breaks eval-answer">
                  <b>{name}</b> <Mark isPassed={passes.get(row.key)?.[i]} />
                  <br />
                  {results.get(row.key)?.answers[i] || words.emptyAnswer}
                </p>
              ))}
            </li>
          ))}
        </ol>
      </details>
    </section>
  );
}

function Mark({ isPassed }: { isPassed: boolean | undefined }) {
  if (isPassed === undefined) return null;
  return <span className={isPassed ? 'mark mark-yes' : 'mark mark-no'}>{words.evaluate.mark(isPassed)}</span>;
}

function Summary({ done, passes }: { done: readonly KeyedRow[]; passes: Passes }) {
  const { results, contestants } = useStore(evalStore);
  const w = words.evaluate;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
    <section className="table-scroll" tabIndex={0} aria-label={words.evaluate.table}>
      <table className="table number">
        <thead>
          <tr>
            <th scope="col">{w.who}</th>
            <th scope="col" className="right">
              {w.passed}
            </th>
            <th scope="col">{w.share}</th>
            <th scope="col">{w.perplexity}</th>
          </tr>
        </thead>
        <tbody>
          {contestants.map(({ name }, i) => {
            const judged = done.filter(({ key }) => passes.has(key));
            const hits = judged.filter(({ key }) => passes.get(key)![i]).length;
            const { value, low, high } = perplexity(
              done.map(({ key }) => ({ lossSum: results.get(key)!.lossSums[i]!, tokens: results.get(key)!.tokens })),
            );
            return (
              <tr key={name}>
                <th scope="row" className="breaks">
                  {name}
                </th>
                <td className="right">{judged.length > 0 && w.of(hits, judged.length)}</td>
                <td>
                  {judged.length > 0 && <Estimate share={hits / judged.length} {...wilson(hits, judged.length)} />}
                </td>
                <td>{words.estimate(value.toFixed(2), low.toFixed(2), high.toFixed(2))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** Rows on which the first two disagree say which is better; rows on which they agree say nothing. */
function Differences({ done, passes }: { done: readonly KeyedRow[]; passes: Passes }) {
  const [first, second] = useStore(evalStore, (s) => s.contestants);
  if (!first || !second) return null;
  const differing = done.filter(({ key }) => {
    const row = passes.get(key);
    return row !== undefined && row[0] !== row[1];
  });
  const won = differing.filter(({ key }) => passes.get(key)![1]).length;
  if (differing.length === 0) return <p className="hint">{words.evaluate.noDifference(first.name, second.name)}</p>;
  const { low, high } = wilson(won, differing.length);
  return (
    <p className="hint number">
      {words.evaluate.difference(differing.length, won, second.name)}{' '}
      {words.evaluate.verdict(low, high, second.name, first.name)}
    </p>
  );
}

/** Judged anew when rows are done or the rule changes. */
function usePasses(): { readonly passes: Passes; readonly problem: string | undefined } {
  const { results, rows, rule } = useStore(evalStore);
  const [judged, setJudged] = useState<{ passes: Passes; problem: string | undefined }>({
    passes: new Map(),
    problem: undefined,
  });
  useEffect(() => {
    let isCurrent = true;
    const done = rows.flatMap((row) => {
      const result = results.get(row.key);
      return result ? [{ row, result }] : [];
    });
    const all = done.flatMap(({ row, result }) => result.answers.map((answer) => ({ answer, expected: row.expected })));
    judgeAnswers(rule, all).then(
      (flat) => {
        let at = 0;
        const passes = new Map(
          done.map(({ row, result }) => {
            at += result.answers.length;
            return [row.key, flat.slice(at - result.answers.length, at)] as const;
          }),
        );
        if (isCurrent) setJudged({ passes, problem: undefined });
      },
      (error) => isCurrent && setJudged({ passes: new Map(), problem: sentence(error) }),
    );
    return () => {
      isCurrent = false;
    };
  }, [results, rows, rule]);
  return judged;
}
