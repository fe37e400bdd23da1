import { useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { loss } from '../format.ts';
import { themeStore } from '../shell/theme-store.ts';
import { drawLoss, type Reading } from './draw-loss.ts';
import { runStore } from './run-store.ts';
import { words } from './words.ts';

/** The live curve. It redraws itself once a frame while points come; React only renders its frame and legend. */
export function LossChart() {
  const box = useRef<HTMLDivElement>(null);
  const points = useStore(runStore, (s) => s.points);
  const totalSteps = useStore(runStore, (s) => s.figures.totalSteps);
  const baseLoss = useStore(runStore, (s) => s.figures.baseValidation);
  const theme = useStore(themeStore, (s) => s.shown);
  const isEmpty = useStore(runStore, (s) => s.figures.step === 0);
  const [reading, setReading] = useState<Reading>();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read anew when it changes
  useEffect(() => {
    if (!box.current) return;
    const chart = drawLoss(box.current, { points, totalSteps, baseLoss, onReading: setReading });
    return chart.remove;
  }, [points, totalSteps, baseLoss, theme]);

  return (
    <div className="chart-frame">
      <div className="line line-apart">
        <h3>{words.chart.title}</h3>
        <p className="small soft number">{reading ? words.chart.at(reading) : ''}</p>
      </div>
      <Legend hasBase={baseLoss !== undefined} />
      <ChartBox boxRef={box} />
      {isEmpty && (
        <p className="chart-empty soft">
          <span>{words.chart.empty}</span>
        </p>
      )}
      <p className="hint">{words.chart.smoothHint}</p>
    </div>
  );
}

function ChartBox({ boxRef }: { boxRef: React.Ref<HTMLDivElement> }) {
  const points = useStore(runStore, (s) => s.points);
  const step = useStore(runStore, (s) => s.figures.step);
  const last = useStore(runStore, (s) => s.figures.loss);
  const says =
    step > 0 && last !== undefined
      ? words.chart.describe(loss(points.smooth[0]!), loss(last), step)
      : words.chart.describeEmpty;
  return <div className="chart" ref={boxRef} role="img" aria-label={says} />;
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
