import { useStore } from 'zustand';
import { blindStore, contestOf, forgetVotes } from './blind-store.ts';
import { Estimate } from './estimate.tsx';
import { wilson } from './intervals.ts';
import type { Column } from './play-store.ts';
import { nameOf } from './who.ts';
import { words } from './words.ts';

/** What the votes say until now, and how sure that is. */
export function BlindTally({ columns }: { columns: readonly Column[] }) {
  const contest = contestOf(columns.map((column) => ({ who: { ...column, name: nameOf(column.adapterId) } })));
  const tally = useStore(blindStore, (s) => s.tallies[contest]);
  const w = words.blind;
  if (tally === undefined) return <p className="card soft">{w.noVotes}</p>;
  const decided = tally.contestants.reduce((n, { wins }) => n + wins, 0);
  return (
    <section className="card stack-tight" aria-labelledby="blind-tally">
      <div className="line line-apart">
        <h2 id="blind-tally">{w.tally}</h2>
        <button type="button" className="button button-plain" onClick={() => forgetVotes(contest)}>
          {w.forget}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard */}
      <section className="table-scroll" tabIndex={0} aria-label={w.table}>
        <table className="table number">
          <thead>
            <tr>
              <th scope="col">{w.who}</th>
              <th scope="col" className="right">
                {w.wins}
              </th>
              <th scope="col">{w.share}</th>
            </tr>
          </thead>
          <tbody>
            {tally.contestants.map(({ id, name, wins }) => (
              <tr key={id}>
                <th scope="row" className="breaks">
                  {name}
                </th>
                <td className="right">{w.of(wins, decided)}</td>
                <td>{decided > 0 && <Estimate share={wins / decided} {...wilson(wins, decided)} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {tally.ties > 0 && <p className="hint">{w.ties(tally.ties)}</p>}
      <p className="hint">{w.sure(decided, tally.contestants.length)}</p>
    </section>
  );
}
