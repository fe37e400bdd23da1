import { useStore } from 'zustand';
import { bytes } from '../format.ts';
import { duration } from './autopilot.tsx';
import { runStore } from './run-store.ts';
import { words } from './words.ts';

/** What autopilot had predicted for this run, beside what it takes. */
export function ComparedFigures() {
  const predicted = useStore(runStore, (s) => s.predicted);
  const memory = useStore(runStore, (s) => s.figures.memoryBytes);
  const stepMs = useStore(runStore, (s) => s.figures.stepMs);
  if (!predicted) return null;
  const w = words.autopilot.compared;
  const none = words.figures.none;
  return (
    <table className="compared number small">
      <caption className="unseen">{w.caption}</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">{w.predicted}</th>
          <th scope="col">{w.measured}</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">{w.step}</th>
          <td>{duration(predicted.stepMs)}</td>
          <td>{stepMs === undefined ? none : duration(stepMs)}</td>
        </tr>
        <tr>
          <th scope="row">{w.memory}</th>
          <td>{bytes(predicted.totalBytes)}</td>
          <td>{memory === undefined ? none : bytes(memory)}</td>
        </tr>
      </tbody>
    </table>
  );
}
