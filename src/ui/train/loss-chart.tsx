import { useEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { ChartTools, StepSlider } from '../charts/chart-tools.tsx';
import { SaveChart } from '../charts/save-chart.tsx';
import { StepChartBox } from '../charts/step-chart-box.tsx';
import { writeCsv } from '../charts/write-csv.ts';
import { loss } from '../format.ts';
import { LineKey } from '../runs/line-key.tsx';
import { writeRunsCsv } from '../runs/write-runs-csv.ts';
import { Reading } from './reading.tsx';
import { lossSpec, runView, togetherSpec } from './run-charts.ts';
import { runStore } from './run-store.ts';
import { SmallCharts } from './small-charts.tsx';
import { words } from './words.ts';

const HEIGHT = 280;

/** The live board: the loss, large; learning rate, gradient norm and speed below it, small, over the same steps. */
export function LossChart() {
  const points = useStore(runStore, (s) => s.points);
  const name = useStore(runStore, (s) => s.name);
  const totalSteps = useStore(runStore, (s) =>
    s.members.reduce((most, { figures }) => Math.max(most, figures.totalSteps), s.figures.totalSteps),
  );
  const hasBase = useStore(runStore, (s) => s.figures.baseValidation !== undefined);
  const isEmpty = useStore(runStore, (s) => s.members.every(({ figures }) => figures.step === 0));
  const shown = useStore(runStore, (s) => s.runId);
  const first = useStore(runStore, (s) => s.members[0]?.runId);
  // The curves of all; the rest of what is known of them changes too often to draw anew for it.
  const curves = useStore(
    runStore,
    useShallow((s) => s.members.map((member) => member.points)),
  );
  const several = curves.length > 1;
  // biome-ignore lint/correctness/useExhaustiveDependencies: members as they are when their curves begin
  const spec = useMemo(
    () => (several ? togetherSpec(runStore.getState().members, shown) : lossSpec(points, name)),
    [points, name, curves, shown, several],
  );
  // A new run is looked at as a whole.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each run
  useEffect(() => runView.setState({ window: undefined, step: undefined }), [first]);

  return (
    <div className="chart-frame">
      <div className="line line-apart">
        <h3>{words.chart.title}</h3>
        {several ? <MembersLegend /> : <Legend hasBase={hasBase} />}
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
        <SaveChart spec={spec} view={runView} csv={() => csvNow()} disabled={isEmpty} />
      </div>
    </div>
  );
}

/** Of one run every value, of several the loss of each. */
function csvNow(): string {
  const { members, points } = runStore.getState();
  return members.length > 1 ? writeRunsCsv(members) : writeCsv(points);
}

/** The curve in one sentence, renewed with the figures and not with every step. */
function Described({ children }: { children: (says: string) => React.ReactNode }) {
  const points = useStore(runStore, (s) => s.points);
  const step = useStore(runStore, (s) => s.figures.step);
  const last = useStore(runStore, (s) => s.figures.loss);
  const members = useStore(runStore, (s) => s.members);
  const w = words.chart;
  if (members.length > 1) {
    const longest = Math.max(...members.map(({ figures }) => figures.step));
    return children(
      words.together.describe(
        members.map(({ name }) => name),
        longest,
      ),
    );
  }
  return children(
    step > 0 && last !== undefined ? w.describe(loss(points.smooth.values[0]!), loss(last), step) : w.describeEmpty,
  );
}

/** Names, and the loss of each at the step that is read. */
function MembersLegend() {
  const members = useStore(runStore, (s) => s.members);
  const step = useStore(runView, (s) => s.step);
  return (
    <ul className="chart-legend small number">
      {members.map(({ runId, name, points }, i) => {
        const value = step === undefined ? points.smooth.last : points.smooth.values[step - 1];
        const isThere = value !== undefined && (step === undefined || step <= points.count);
        return (
          <li key={runId} className="breaks">
            <LineKey place={i} /> {name} <b>{isThere ? loss(value) : words.figures.none}</b>
          </li>
        );
      })}
    </ul>
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
