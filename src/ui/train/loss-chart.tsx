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
  const baseLoss = useStore(runStore, (s) => s.result?.baseValidationLoss);
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
      <div className="chart-head">
        <h3>{words.chart.title}</h3>
        <Legend reading={reading} hasBase={baseLoss !== undefined} />
      </div>
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

function Legend({ reading, hasBase }: { reading: Reading | undefined; hasBase: boolean }) {
  const w = words.chart;
  return (
    <ul className="chart-legend small number">
      <li className="chart-at soft">{reading && w.atStep(reading.step)}</li>
      <li>
        <i className="key key-raw" aria-hidden="true" />
        {w.raw} {reading && <b>{loss(reading.raw)}</b>}
      </li>
      <li>
        <i className="key key-smooth" aria-hidden="true" />
        {w.smooth} {reading && <b>{loss(reading.smooth)}</b>}
      </li>
      <li>
        <i className="key key-validation" aria-hidden="true" />
        {w.validation}
      </li>
      {hasBase && (
        <li>
          <i className="key key-base" aria-hidden="true" />
          {w.base}
        </li>
      )}
    </ul>
  );
}
