import { useStore } from 'zustand';
import { Note } from '../controls/note.tsx';
import { runStore } from './run-store.ts';
import { words } from './words.ts';

/** The last thing that befell this run, and what was done about it. */
export function RunFaults() {
  const faults = useStore(runStore, (s) => s.faults);
  const hasFailed = useStore(runStore, (s) => s.phase === 'failed');
  const fault = faults.at(-1);
  // What ended the run says it all.
  if (fault === undefined || hasFailed) return null;
  const { checkpointing = 'none' } = fault.settings;
  return (
    <Note warn title={words.faults[fault.cause]}>
      {words.faults.line(fault.message, fault.step)}
      {fault.cause === 'gpu' && checkpointing !== 'none' && ` ${words.faults.smaller}`}
    </Note>
  );
}
