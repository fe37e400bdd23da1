import { useStore } from 'zustand';
import { loss } from '../format.ts';
import { LineKey } from '../runs/line-key.tsx';
import { isGoing, lookAtRun, type RunFacts, runStore, stopAndKeep } from './run-store.ts';
import { words } from './words.ts';

/** The adapters of a run that trains several: how each does, which one is looked at, and a stop for each. */
export function RunMembers() {
  const { members, runId } = useStore(runStore);
  if (members.length < 2) return null;
  const w = words.together;
  const best = bestOf(members);
  return (
    <div className="members-scroll">
      <table className="members small number">
        <caption className="unseen">{w.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{w.columns.name}</th>
            <th scope="col">{w.columns.step}</th>
            <th scope="col">{w.columns.loss}</th>
            <th scope="col">{w.columns.validation}</th>
            <th scope="col">{w.columns.state}</th>
          </tr>
        </thead>
        <tbody>
          {members.map((member, i) => (
            <tr key={member.runId} className={member.runId === runId ? 'member-shown' : undefined}>
              <th scope="row">
                <button
                  type="button"
                  className="member-look"
                  aria-pressed={member.runId === runId}
                  onClick={() => lookAtRun(member.runId!)}
                >
                  <LineKey place={i} /> <span className="breaks">{member.name}</span>
                </button>
              </th>
              <td>{w.step(member.figures.step, member.figures.totalSteps)}</td>
              <td>{member.figures.loss === undefined ? words.figures.none : loss(member.figures.loss)}</td>
              <td className={best === member.runId ? 'member-best' : 'runs-validation'}>
                {member.figures.validation === undefined ? words.figures.none : loss(member.figures.validation)}
                {best === member.runId && <span className="member-tag"> {w.best}</span>}
              </td>
              <td>
                <State member={member} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function State({ member }: { member: RunFacts }) {
  const w = words.together;
  const { phase, message, name, runId, isStopping } = member;
  if (!isGoing(member)) return <span className="breaks">{phase === 'failed' ? message : w.states[phase]}</span>;
  return (
    <span className="member-state">
      {phase !== 'running' && <span className="soft">{w.states[phase]}</span>}
      <button
        type="button"
        className="link-button small"
        aria-label={w.stopOne(name)}
        disabled={isStopping}
        onClick={() => void stopAndKeep(runId)}
      >
        {isStopping ? words.stopping : w.stop}
      </button>
    </span>
  );
}

/** When all have ended: the lowest validation loss, where there is one. */
function bestOf(members: readonly RunFacts[]): string | undefined {
  if (members.some(isGoing)) return undefined;
  const judged = members.flatMap(({ runId, result }) =>
    result?.validationLoss === undefined ? [] : [{ runId, loss: result.validationLoss }],
  );
  if (judged.length < 2) return undefined;
  return judged.reduce((best, one) => (one.loss < best.loss ? one : best)).runId;
}
