import { useEffect, useRef } from 'react';
import { useStore } from 'zustand';
import { themeStore } from '../shell/theme-store.ts';
import type { ChartSpec } from './chart-spec.ts';
import type { ChartViewStore } from './chart-view.ts';
import { drawChart } from './step-chart.ts';
import './charts.css';

/** A chart that redraws itself once a frame while points come; React only renders its box. */
export function StepChartBox(props: {
  spec: ChartSpec;
  view: ChartViewStore;
  height: number;
  /** What it shows, in words. */
  says: string;
  /** True: this chart's values can stand on a log axis. */
  canLog?: boolean;
  axisWidth?: number;
}) {
  const { spec, view, height, canLog = false, axisWidth } = props;
  const box = useRef<HTMLDivElement>(null);
  const theme = useStore(themeStore, (s) => s.shown);
  const logValues = useStore(view, (s) => s.logValues) && canLog;
  const logSteps = useStore(view, (s) => s.logSteps);

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours and axes are read anew when theme and steps change
  useEffect(() => {
    if (!box.current) return;
    const size = { height, logValues, ...(axisWidth !== undefined && { axisWidth }) };
    return drawChart(box.current, spec, view, size).remove;
  }, [spec, view, height, logValues, logSteps, theme, axisWidth]);

  return <div className="chart" style={{ height }} ref={box} role="img" aria-label={props.says} />;
}
