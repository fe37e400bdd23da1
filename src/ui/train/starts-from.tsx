import { useStore } from 'zustand';
import type { GoingOn } from '../../engine/protocol.ts';
import { Choice } from '../controls/choice.tsx';
import { settingName } from './describe-settings.ts';
import { planStore } from './plan-store.ts';
import { running, runStore } from './run-store.ts';
import { goOnFrom, type StateStart, settingsStore, startFresh } from './settings-store.ts';
import { words } from './words.ts';

const w = words.startsFrom;

/** The next run goes on from an earlier one: which, what it takes over, and the way back to a fresh adapter. */
export function StartsFrom() {
  const from = useStore(settingsStore, (s) => s.from);
  const isRunning = useStore(runStore, running);
  if (!from || isRunning) return null;
  return (
    <section className="given-one given-from" aria-label={w.title}>
      <span className="eyebrow">{w.title}</span>
      <b className="breaks">{from.kind === 'state' ? w.state(from.name, from.step) : from.name}</b>
      {from.kind === 'state' ? <GoesOn from={from} /> : <span className="hint">{w.given}</span>}
      <button type="button" className="link-button small" onClick={startFresh}>
        {w.fresh}
      </button>
    </section>
  );
}

/** At that step with all of its state, as long as the settings allow it, or from there with its adapter alone. */
function GoesOn({ from }: { from: StateStart }) {
  const goingOn = useStore(planStore, (s) => s.goingOn);
  const { goesOn = false } = from;
  return (
    <Choice
      name={w.takesOver}
      value={goesOn ? 'all' : 'adapter'}
      options={[
        { value: 'all', label: w.all },
        { value: 'adapter', label: w.adapter },
      ]}
      hint={goesOn ? (goingOn ? says(goingOn) : w.allHint) : w.given}
      onChange={(value) => goOnFrom(value === 'all')}
    />
  );
}

function says(goingOn: GoingOn): string {
  if ('problem' in goingOn) return w.cannot(goingOn.problem);
  const { totalSteps, changed, isSameDevice } = goingOn;
  if (changed.length > 0)
    return w.changed(
      totalSteps,
      changed.map((key) => settingName(key).toLowerCase()),
    );
  return isSameDevice ? w.same(totalSteps) : w.nearlySame(totalSteps);
}
