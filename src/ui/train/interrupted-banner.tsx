import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { discardInterrupted, interruptedStore, keepInterrupted } from './interrupted-store.ts';
import { running, runStore } from './run-store.ts';
import { goOn } from './start-run.ts';
import { words } from './words.ts';

/** A reloaded page stands where it was scrolled to, and this above it. */
function showFirst(banner: HTMLElement | null): void {
  banner?.scrollIntoView({ block: 'nearest' });
}

/** A run was cut off by a reload, a crash or a closed tab: what to do with it. Shown in every place until it is settled. */
export function InterruptedBanner() {
  const { run, isBusy, tabIsGone } = useStore(interruptedStore);
  const hash = useStore(baseStore, (s) => s.report?.hash);
  const isRunning = useStore(runStore, running);
  if (!run || isRunning) return null;
  const w = words.interrupted;
  const hasBase = hash === run.baseHash;
  const { members } = run;
  const sum = (of: 'step' | 'totalSteps') => members.reduce((all, member) => all + member[of], 0);
  const names = members
    .filter(({ isDone }) => !isDone)
    .map(({ adapterName }) => adapterName)
    .join('”, “');
  const cutOff =
    members.length > 1
      ? w.saysSeveral(members.length, sum('step'), sum('totalSteps'))
      : w.says(sum('step'), sum('totalSteps'));
  const says = tabIsGone ? w.tabIsGone(sum('step'), sum('totalSteps')) : cutOff;
  return (
    <section className="banner banner-run" aria-label={w.label} ref={showFirst}>
      <div className="banner-line">
        <p className="breaks">
          <strong>{says}</strong> {hasBase ? w.how(names, run.isSameDevice) : w.needsBase(names, run.baseName)}
        </p>
        <div className="line">
          <button
            type="button"
            className="button button-main"
            disabled={!hasBase || isBusy}
            onClick={() => void goOn()}
          >
            {w.goOn}
          </button>
          <button type="button" className="button" disabled={!hasBase || isBusy} onClick={() => void keepInterrupted()}>
            {members.length > 1 ? w.keepAll : w.keep}
          </button>
          <button type="button" className="button" disabled={isBusy} onClick={() => void discardInterrupted()}>
            {w.discard}
          </button>
        </div>
      </div>
    </section>
  );
}
