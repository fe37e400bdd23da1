// A chart over steps on a canvas: uPlot for axes, lines and the drag that zooms; dots, levels and marks by our own hook,
// because they have steps of their own. It redraws at most once a frame, only when something has changed, and from as many
// points as there are pixels.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { count } from '../format.ts';
import { type ChartSpec, shownSteps, thinDots, tickTexts, valueRange } from './chart-spec.ts';
import { type ChartViewStore, fitWindow } from './chart-view.ts';
import { sampleSeries } from './sample-series.ts';

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];
/** A drag of fewer pixels is a click. */
const LEAST_DRAG = 6;

export function drawChart(
  box: HTMLElement,
  spec: ChartSpec,
  view: ChartViewStore,
  size: { readonly height: number; readonly logValues: boolean; readonly axisWidth?: number },
): { remove: () => void } {
  const colour = (name: string) => (name.startsWith('--') ? getComputedStyle(box).getPropertyValue(name).trim() : name);
  const columns = () => Math.max(50, box.clientWidth - 60);
  const data = () => {
    const { window, logSteps } = view.getState();
    const [steps, ...rows] = sampleSeries(spec.lines, shownSteps(spec, window), columns(), logSteps);
    const onAxis = (value: number | null) => (value === null || (size.logValues && value <= 0) ? null : value);
    return [steps, ...rows.map((row) => row.map(onAxis))] as uPlot.AlignedData;
  };
  const chart = new uPlot(options(box, spec, view, { ...size, colour }), data(), box);
  const cursor = chart.over.appendChild(document.createElement('div'));
  cursor.className = 'chart-cursor';

  const state = () => {
    const { window, logSteps } = view.getState();
    return [spec.version(), spec.totalSteps(), spec.level?.value(), window, logSteps, columns()] as const;
  };
  let drawn = state();
  let read: number | undefined | null = null;
  let frame = requestAnimationFrame(function redraw() {
    const now = state();
    const hasChanged = now.some((value, i) => value !== drawn[i]);
    drawn = now;
    if (hasChanged) chart.setData(data());
    const { step } = view.getState();
    if (hasChanged || step !== read) placeCursor(chart, cursor, step);
    read = step;
    frame = requestAnimationFrame(redraw);
  });
  const resized = new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: size.height }));
  resized.observe(box);
  return {
    remove() {
      cancelAnimationFrame(frame);
      resized.disconnect();
      chart.destroy();
    },
  };
}

function placeCursor(chart: uPlot, cursor: HTMLElement, step: number | undefined): void {
  const x = step === undefined ? -1 : chart.valToPos(step, 'x');
  const isInside = x >= 0 && x <= chart.over.clientWidth;
  cursor.style.opacity = isInside ? '1' : '0';
  if (isInside) cursor.style.transform = `translateX(${x}px)`;
}

function options(
  box: HTMLElement,
  spec: ChartSpec,
  view: ChartViewStore,
  look: {
    readonly height: number;
    readonly logValues: boolean;
    readonly axisWidth?: number;
    colour(name: string): string;
  },
): uPlot.Options {
  const { height, logValues, colour } = look;
  const { logSteps } = view.getState();
  const axis = { stroke: colour('--soft'), font: FONT, ticks: { show: false } };
  const steps = () => shownSteps(spec, view.getState().window);
  const texts = spec.valueText;
  const readStep = (u: uPlot) => {
    const { left = -1 } = u.cursor;
    if (left < 0) return view.getState().step !== undefined && view.setState({ step: undefined });
    const step = Math.round(u.posToVal(left, 'x'));
    view.setState({ step: Math.min(Math.max(1, step), steps()[1]) });
  };
  const showWhole = () => {
    view.setState({ window: undefined });
    return null;
  };
  const zoomIn = (u: uPlot) => {
    const { left, width } = u.select;
    if (width < LEAST_DRAG) return;
    const chosen = [u.posToVal(left, 'x'), u.posToVal(left + width, 'x')] as const;
    view.setState({ window: fitWindow(chosen, shownSteps(spec, undefined)[1]) });
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  };
  return {
    width: box.clientWidth,
    height,
    legend: { show: false },
    cursor: {
      x: false,
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { show: false },
      bind: { dblclick: () => showWhole },
    },
    scales: {
      x: { time: false, distr: logSteps ? 3 : 1, range: () => steps() as [number, number] },
      y: { distr: logValues ? 3 : 1, range: () => valueRange(spec, steps(), logValues) },
    },
    axes: [
      {
        ...axis,
        size: 26,
        grid: { show: false },
        ...(!logSteps && { incrs: WHOLE_STEPS }),
        values: (_, ticks: readonly (number | null)[]) =>
          ticks.map((tick) => (tick === null || !hasValues(spec) ? '' : count(tick))),
      },
      {
        ...axis,
        size: look.axisWidth ?? 46,
        space: look.height < 150 ? 22 : 34,
        grid: { stroke: colour('--line'), width: 1 },
        values: (_, ticks) => {
          if (!hasValues(spec)) return ticks.map(() => '');
          if (texts) return ticks.map((t) => (t === null ? '' : texts(t)));
          return logValues ? logTexts(ticks) : tickTexts(ticks);
        },
      },
    ],
    series: [
      {},
      ...spec.lines.map(({ stroke, width, dash }) => ({
        stroke: colour(stroke),
        width,
        points: { show: false },
        ...(dash && { dash: [...dash] }),
      })),
    ],
    hooks: { draw: [(u) => drawExtras(u, spec, colour)], setCursor: [readStep], setSelect: [zoomIn] },
  };
}

/** An axis says nothing as long as there is nothing to be measured by it. */
const hasValues = ({ lines, dots = [] }: ChartSpec) =>
  lines.some(({ series }) => series.count > 0) || dots.some(({ points }) => points.length > 0);

/** uPlot thins log ticks out by leaving some of them null. */
const logTexts = (ticks: readonly (number | null)[]) =>
  ticks.map((tick) => (tick === null ? '' : String(Number(tick.toPrecision(2)))));

function drawExtras(u: uPlot, spec: ChartSpec, colour: (name: string) => string): void {
  const { ctx, bbox } = u;
  const px = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  // Dots at the edges stay whole.
  ctx.rect(bbox.left - 6 * px, bbox.top - 6 * px, bbox.width + 12 * px, bbox.height + 12 * px);
  ctx.clip();
  const level = spec.level?.value();
  if (level !== undefined) {
    const y = u.valToPos(level, 'y', true);
    stroke(ctx, colour(spec.level!.stroke), 1.5 * px, [6 * px, 5 * px], [bbox.left, y], [bbox.left + bbox.width, y]);
  }
  for (const { step } of spec.marks ?? []) {
    const x = u.valToPos(step + 0.5, 'x', true);
    stroke(ctx, colour('--edge'), px, [2 * px, 3 * px], [x, bbox.top], [x, bbox.top + bbox.height]);
  }
  for (const { points, fill } of spec.dots ?? []) {
    ctx.fillStyle = colour(fill);
    const { min = 0, max = 0 } = u.scales.x!;
    const shown = points.filter(({ step }) => step >= min - 1 && step <= max);
    const xOf = ({ step }: { readonly step: number }) => u.valToPos(Math.max(step, min), 'x', true);
    const { dots, line } = thinDots(shown, (point) => xOf(point) / px);
    const path = line.map((point) => [xOf(point), u.valToPos(point.loss, 'y', true)] as const);
    stroke(ctx, colour(fill), 1.6 * px, [2 * px, 2 * px], ...path);
    ctx.strokeStyle = colour('--card');
    ctx.lineWidth = 1.5 * px;
    ctx.setLineDash([]);
    for (const point of dots) {
      ctx.beginPath();
      ctx.arc(xOf(point), u.valToPos(point.loss, 'y', true), 4.5 * px, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    }
  }
  ctx.restore();
}

function stroke(
  ctx: CanvasRenderingContext2D,
  colour: string,
  width: number,
  dash: number[],
  ...path: readonly (readonly [number, number])[]
): void {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.setLineDash(dash);
  ctx.beginPath();
  for (const point of path) ctx.lineTo(...point);
  ctx.stroke();
}
