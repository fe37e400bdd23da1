import { useStore } from 'zustand';
import { ComparedFigures } from './compared-figures.tsx';
import { ForgettingLine } from './forgetting-line.tsx';
import { LossChart } from './loss-chart.tsx';
import { NextRun } from './next-run.tsx';
import { RunEnd } from './run-end.tsx';
import { RunFaults } from './run-faults.tsx';
import { RunFigures } from './run-figures.tsx';
import { RunHead } from './run-head.tsx';
import { RunMembers } from './run-members.tsx';
import { running, runStore, wholePhase } from './run-store.ts';
import { WhenDone } from './when-done.tsx';
import { words } from './words.ts';

/** Before, during and after a run: the head changes, figures and curve stay where they are. */
export function RunPanel() {
  const phase = useStore(runStore, wholePhase);
  const isRunning = useStore(runStore, running);
  const hasAdapter = phase === 'done' || phase === 'stopped';
  return (
    <section className="card run" aria-label={words.run}>
      {isRunning && <RunHead />}
      {(hasAdapter || phase === 'failed') && <RunEnd />}
      {(phase === 'none' || phase === 'failed') && <NextRun />}
      <RunMembers />
      <RunFaults />
      <RunFigures />
      <ComparedFigures />
      <ForgettingLine />
      <LossChart />
      <WhenDone />
      {hasAdapter && <NextRun after />}
    </section>
  );
}
