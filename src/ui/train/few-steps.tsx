import { useStore } from 'zustand';
import { enoughEpochs } from './enough-epochs.ts';
import { planStore } from './plan-store.ts';
import { runFor, settingsStore } from './settings-store.ts';
import { words } from './words.ts';

/** Says before a run that it will be over too soon, with the way out. */
export function FewSteps() {
  const plan = useStore(planStore, (s) => s.plan);
  const settings = useStore(settingsStore, (s) => s.settings);
  const epochs = plan && enoughEpochs(plan, settings);
  if (plan === undefined || epochs === undefined) return null;
  const w = words.fewSteps;
  return (
    <p className="small few-steps">
      {w.says(plan.totalSteps)}{' '}
      <button type="button" className="link-button small" onClick={() => runFor('epochs', epochs)}>
        {w.more(epochs, epochs * plan.stepsPerEpoch)}
      </button>
    </p>
  );
}
