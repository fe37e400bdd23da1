import { useMemo } from 'react';
import { useStore } from 'zustand';
import { StepChartBox } from '../charts/step-chart-box.tsx';
import { rate, rateOf } from '../format.ts';
import { ChangeRate } from './change-rate.tsx';
import { runView, SMALL, type Small, smallSpec } from './run-charts.ts';
import { type Figures, runStore } from './run-store.ts';
import { words } from './words.ts';

const HEIGHT = 104;

const NOW: Readonly<Record<Small, (figures: Figures) => string | undefined>> = {
  lr: ({ lr }) => (lr === undefined ? undefined : rateOf(lr)),
  gradNorm: ({ gradNorm }) =>
    gradNorm === undefined ? undefined : Number.isFinite(gradNorm) ? gradNorm.toFixed(2) : '∞',
  speed: ({ tokensPerSecond }) => (tokensPerSecond === undefined ? undefined : rate(tokensPerSecond)),
};

export function SmallCharts() {
  return (
    <div className="small-charts">
      {SMALL.map((kind) => (
        <SmallChart key={kind} kind={kind} />
      ))}
    </div>
  );
}

function SmallChart({ kind }: { kind: Small }) {
  const points = useStore(runStore, (s) => s.points);
  const now = useStore(runStore, (s) => NOW[kind](s.figures)) ?? words.figures.none;
  const spec = useMemo(() => smallSpec(points, kind), [points, kind]);
  const title = words.chart.smallTitles[kind];
  return (
    <section aria-label={title}>
      <div className="small-chart-head">
        <h4>{title}</h4>
        <b className="number">{now}</b>
        {kind === 'lr' && <ChangeRate />}
      </div>
      <StepChartBox spec={spec} view={runView} height={HEIGHT} says={`${title}: ${now}`} axisWidth={44} />
      <p className="hint">{words.chart.smallHints[kind]}</p>
    </section>
  );
}
