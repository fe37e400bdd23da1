import { useMemo } from 'react';
import { useStore } from 'zustand';
import type { RunRecord } from '../../engine/protocol.ts';
import type { ChartSpec } from '../charts/chart-spec.ts';
import { ChartTools, StepSlider } from '../charts/chart-tools.tsx';
import { createChartView } from '../charts/chart-view.ts';
import { SaveChart } from '../charts/save-chart.tsx';
import { StepChartBox } from '../charts/step-chart-box.tsx';
import { loss } from '../format.ts';
import { RunKey } from './run-key.tsx';
import { lookAt } from './run-look.ts';
import { type Curves, runsStore } from './runs-store.ts';
import { words } from './words.ts';
import { writeRunsCsv } from './write-runs-csv.ts';

const view = createChartView();
const HEIGHT = 320;

interface Shown {
  readonly run: RunRecord;
  readonly curves: Curves;
  readonly place: number;
}

/** Several runs over the same steps, each in its own colour and dash. */
export function RunsChart() {
  const { shown, runs, curves, places } = useStore(runsStore);
  const list = useMemo(
    () =>
      shown.flatMap((id): Shown[] => {
        const run = runs.find((one) => one.id === id);
        const found = curves.get(id);
        return run && found && found.points.count > 0 ? [{ run, curves: found, place: places.get(id) ?? 0 }] : [];
      }),
    [shown, runs, curves, places],
  );
  const spec = useMemo(() => specOf(list), [list]);
  const lastStep = list.reduce((most, { curves: { points } }) => Math.max(most, points.count), 0);
  return (
    <section className="card stack-tight" aria-labelledby="runs-chart">
      <div className="line line-apart">
        <h2 id="runs-chart">{words.chart}</h2>
        <SaveChart
          spec={spec}
          view={view}
          csv={() => writeRunsCsv(list.map(({ run, curves: { points } }) => ({ name: run.name, points })))}
          disabled={list.length === 0}
        />
      </div>
      <StepChartBox
        spec={spec}
        view={view}
        height={HEIGHT}
        says={words.describe(list.map(({ run }) => run.name))}
        canLog
      />
      <StepSlider view={view} lastStep={lastStep} />
      <Legend list={list} />
      <ChartTools view={view} lastStep={Math.max(lastStep, 2)} />
      <p className="hint">{list.length === 0 ? words.chartEmpty : words.smoothed}</p>
    </section>
  );
}

function specOf(list: readonly Shown[]): ChartSpec {
  const lastStep = list.reduce((most, { curves: { points } }) => Math.max(most, points.count), 2);
  return {
    title: words.chart,
    lines: list.map(({ run, curves: { points }, place }) => ({
      name: run.name,
      series: points.smooth,
      width: 2.2,
      ...lookAt(place),
    })),
    dots: list.map(({ run, curves: { points }, place }) => ({
      name: run.name,
      points: points.evals,
      fill: lookAt(place).stroke,
    })),
    totalSteps: () => lastStep,
    version: () => list,
  };
}

/** Names, and the loss of each at the step that is read. */
function Legend({ list }: { list: readonly Shown[] }) {
  const step = useStore(view, (s) => s.step);
  return (
    <ul className="runs-legend small number">
      {list.map(({ run, curves: { points } }) => {
        const value = step === undefined ? points.smooth.last : points.smooth.values[step - 1];
        const isThere = value !== undefined && (step === undefined || step <= points.count);
        return (
          <li key={run.id}>
            <RunKey id={run.id} /> <span className="breaks">{run.name}</span> <b>{isThere ? loss(value) : '–'}</b>
          </li>
        );
      })}
    </ul>
  );
}
