import { useStore } from 'zustand';
import { Icon } from '../controls/icon.tsx';
import { count } from '../format.ts';
import { isGoing, pauseOrResume, runStore, stopAndKeep, wholeRun } from './run-store.ts';
import { words } from './words.ts';

/** While a run goes on: how far it is, and the two things one can do with it. */
export function RunHead() {
  const run = useStore(runStore);
  const { name, phase, step, totalSteps } = wholeRun(run);
  const { message, members, figures, isElsewhere } = run;
  const isStopping = members.filter(isGoing).every((member) => member.isStopping);
  const detail = [words.step(step, totalSteps), ...(members.length > 1 ? [] : [words.epoch(figures.epoch)])].join(
    ' · ',
  );
  return (
    <div className="run-head run-live">
      <div className="run-title">
        <h2 className="breaks">{name}</h2>
        <p className="hint number">
          {phase === 'preparing' ? (message ?? words.preparing) : detail}
          {phase === 'paused' && <b className="run-paused"> · {words.paused}</b>}
        </p>
        {isElsewhere && <p className="hint">{words.elsewhere.says}</p>}
        {phase === 'running' && run.phase === 'running' && message && <p className="hint">{message}</p>}
        <div
          className="progress-track"
          role="progressbar"
          aria-label={name}
          aria-valuemin={0}
          aria-valuemax={totalSteps || 1}
          aria-valuenow={step}
          aria-valuetext={`${count(step)} / ${count(totalSteps)}`}
        >
          <div className="progress-fill" style={{ transform: `scaleX(${totalSteps > 0 ? step / totalSteps : 0})` }} />
        </div>
      </div>
      <div className="line run-actions thumb-bar">
        <button
          type="button"
          className="button run-pause"
          disabled={phase === 'preparing' || isStopping}
          onClick={() => void pauseOrResume()}
        >
          <Icon name={phase === 'paused' ? 'play' : 'pause'} /> {phase === 'paused' ? words.resume : words.pause}
        </button>
        <button type="button" className="button button-main" disabled={isStopping} onClick={() => void stopAndKeep()}>
          {isStopping ? words.stopping : members.length > 1 ? words.together.stopAll : words.stop}
        </button>
      </div>
    </div>
  );
}
