import { useId } from 'react';
import { useStore } from 'zustand';
import { dataStore } from '../data/data-store.ts';
import { freeName } from '../library/find-adapters.ts';
import { libraryStore } from '../library/library-store.ts';
import { placeHref } from '../shell/place-store.ts';
import { compareStore, type Way, waysToTrain } from './compare-store.ts';
import { FewSteps } from './few-steps.tsx';
import { interruptedStore } from './interrupted-store.ts';
import { planStore } from './plan-store.ts';
import { runStore } from './run-store.ts';
import { nameAdapter, settingsStore } from './settings-store.ts';
import { proposedName, startRun } from './start-run.ts';
import { useWhyNotStart } from './why-not-start.ts';
import { words } from './words.ts';

/** The next run: what its adapter will be called, and the button that starts it or the reason why not. */
export function NextRun({ after = false }: { after?: boolean }) {
  const reason = useWhyNotStart();
  const hasData = useStore(dataStore, (s) => s.status !== 'none');
  const isFirst = useStore(runStore, (s) => s.phase === 'none');
  const plan = useStore(planStore, (s) => s.plan);
  const several = useSeveral();
  const id = useId();
  // Starting anew takes the place of a run that can go on.
  const canGoOn = useStore(interruptedStore, (s) => s.run !== undefined);
  const look = after || canGoOn ? 'button button-big' : 'button button-main button-big';
  return (
    <div className={after ? 'run-head run-before run-next' : 'run-head run-before'}>
      <NameField />
      <div className="run-start">
        {hasData ? (
          <button
            type="button"
            className={look}
            disabled={reason !== undefined}
            aria-describedby={id}
            onClick={() => void startRun()}
          >
            {several ? words.compare.start(several.length) : isFirst ? words.start : words.again}
          </button>
        ) : (
          <a className={look} href={placeHref('data')} aria-describedby={id}>
            {words.addData}
          </a>
        )}
      </div>
      <p className="small soft number run-why" id={id}>
        {reason ?? (plan ? words.memory.steps(plan.totalSteps, plan.stepsPerEpoch) : words.memory.planning)}
      </p>
      {!after && <FewSteps />}
    </div>
  );
}

/** The adapters that will train at once, if several. */
function useSeveral(): readonly Way[] | undefined {
  useStore(compareStore);
  useStore(settingsStore);
  useStore(dataStore, (s) => s.report);
  return waysToTrain();
}

function NameField() {
  const own = useStore(settingsStore, (s) => s.adapterName);
  const settings = useStore(settingsStore, (s) => s.settings);
  const dataName = useStore(dataStore, (s) => s.report?.name ?? '');
  const adapters = useStore(libraryStore, (s) => s.adapters);
  const several = useSeveral();
  const isNamed = several?.some(({ name }) => name !== undefined) ?? false;
  const id = useId();
  const taken = adapters.map((adapter) => adapter.name);
  return (
    <div className="field run-name">
      <label className="hint" htmlFor={id}>
        {words.name}
      </label>
      <input
        id={id}
        className="input"
        maxLength={120}
        value={own ?? ''}
        placeholder={several ? proposedName(dataName) : freeName(proposedName(dataName, settings), taken)}
        disabled={isNamed}
        aria-describedby={several ? `${id}-hint` : undefined}
        onChange={(event) => nameAdapter(event.target.value)}
      />
      {several && (
        <p className="hint" id={`${id}-hint`}>
          {isNamed ? words.compare.named(several.length) : words.compare.nameHint(several.length)}
        </p>
      )}
    </div>
  );
}
