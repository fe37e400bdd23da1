import { useStore } from 'zustand';
import { count, loss, rate, rateOf } from '../format.ts';
import { runView } from './run-charts.ts';
import { runStore } from './run-store.ts';
import { words } from './words.ts';

/** Every value of the step under the cursor or the slider. */
export function Reading() {
  const points = useStore(runStore, (s) => s.points);
  const step = useStore(runView, (s) => s.step);
  const w = words.chart.reads;
  if (step === undefined || step > points.count) return <p className="reading hint">{words.chart.noReading}</p>;
  const at = (series: { readonly values: Float64Array }) => series.values[step - 1]!;
  const validation = points.evals.find((entry) => entry.step === step)?.loss;
  const values = [
    [w.step, count(step)],
    [w.loss, loss(at(points.loss))],
    [w.smooth, loss(at(points.smooth))],
    ...(validation === undefined ? [] : [[w.validation, loss(validation)]]),
    [w.lr, rateOf(at(points.lr))],
    [w.gradNorm, Number.isFinite(at(points.gradNorm)) ? at(points.gradNorm).toFixed(2) : '∞'],
    [w.speed, rate(at(points.speed))],
  ];
  return (
    <dl className="reading number small">
      {values.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
