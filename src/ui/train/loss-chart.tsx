import { useEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import { ChartTools, StepSlider } from '../charts/chart-tools.tsx';
import { SaveChart } from '../charts/save-chart.tsx';
import { StepChartBox } from '../charts/step-chart-box.tsx';
import { writeCsv } from '../charts/write-csv.ts';
import { loss } from '../format.ts';
import { Reading } from './reading.tsx';
import { lossSpec, runView } from './run-charts.ts';
import { runStore } from './run-store.ts';
import { SmallCharts } from './small-charts.tsx';
import { words } from './words.ts';

const HEIGHT = 280;

/** The live board: the loss, large; learning rate, gradient norm and speed below it, small, over the same steps. */
export function LossChart() {
  const points = useStore(runStore, (s) => s.points);
  const name = useStore(runStore, (s) => s.name);
  const totalSteps = useStore(runStore, (s) => s.figures.totalSteps);
  const hasBase = useStore(runStore, (s) => s.figures.baseValidation !== undefined);
  const isEmpty = useStore(runStore, (s) => s.figures.step === 0);
  const spec = useMemo(() => lossSpec(points, name), [points, name]);
  // A new run is looked at as a whole.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each run
  useEffect(() => runView.setState({ window: undefined, step: undefined }), [points]);

  return (
    <div className="chart-frame">
      <div className="line line-apart">
        <h3>{words.chart.title}</h3>
        <Legend hasBase={hasBase} />
      </div>
      <Described>{(says) => <StepChartBox spec={spec} view={runView} height={HEIGHT} says={says} canLog />}</Described>
      {isEmpty && (
        <p className="chart-empty soft">
          <span>{words.chart.empty}</span>
        </p>
      )}
      <StepSlider view={runView} lastStep={isEmpty ? 0 : totalSteps} />
      <Reading />
      <ChartTools view={runView} lastStep={Math.max(totalSteps, 2)} />
      <SmallCharts />
      <div className="line line-apart">
        <p className="hint chart-hint">
          {words.chart.smoothHint} {words.chart.drag}
        </p>
        <SaveChart spec={spec} view={runView} csv={() => writeCsv(points)} disabled={isEmpty} />
      </div>
    </div>
  );
}

/** The curve in one sentence, renewed with the figures and not with every step. */
function Described({ children }: { children: (says: string) => React.ReactNode }) {
  const points = useStore(runStore, (s) => s.points);
  const step = useStore(runStore, (s) => s.figures.step);
  const last = useStore(runStore, (s) => s.figures.loss);
  const w = words.chart;
  return children(
    step > 0 && last !== undefined ? w.describe(loss(points.smooth.values[0]!), loss(last), step) : w.describeEmpty,
  );
}

function Legend({ hasBase }: { hasBase: boolean }) {
  const w = words.chart;
  const keys = [
    ['raw', w.raw],
    ['smooth', w.smooth],
    ['validation', w.validation],
    ...(hasBase ? [['base', w.base]] : []),
  ];
  return (
    <ul className="chart-legend small">
      {keys.map(([kind, says]) => (
        <li key={kind}>
          <i className={`key key-${kind}`} aria-hidden="true" />
          {says}
        </li>
      ))}
    </ul>
  );
}
