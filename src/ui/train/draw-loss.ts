// The loss curve on a canvas: uPlot for axes, lines and cursor; validation points and the base's level by our own hook,
// because they have steps of their own. Redraws at most once a frame, and only when points have come.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { RunPoints } from './run-points.ts';

export interface Reading {
  readonly step: number;
  readonly raw: number;
  readonly smooth: number;
}

interface Curve {
  readonly points: RunPoints;
  readonly totalSteps: number;
  /** Validation loss of the base alone, once it is known. */
  readonly baseLoss: number | undefined;
  /** The points under the cursor. */
  readonly onReading: (reading: Reading | undefined) => void;
}

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const HEIGHT = 280;
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];

export function drawLoss(box: HTMLElement, curve: Curve): { remove: () => void } {
  const { points } = curve;
  const chart = new uPlot(options(box, curve), view(points), box);
  let drawn = points.version;
  let frame = requestAnimationFrame(function redraw() {
    if (drawn !== points.version) {
      drawn = points.version;
      chart.setData(view(points));
    }
    frame = requestAnimationFrame(redraw);
  });
  const resized = new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: HEIGHT }));
  resized.observe(box);
  return {
    remove() {
      cancelAnimationFrame(frame);
      resized.disconnect();
      chart.destroy();
      curve.onReading(undefined);
    },
  };
}

function options(box: HTMLElement, { points, totalSteps, baseLoss, onReading }: Curve): uPlot.Options {
  const colour = (name: string) => getComputedStyle(box).getPropertyValue(name).trim();
  const grid = { stroke: colour('--line'), width: 1 };
  const axis = { stroke: colour('--soft'), font: FONT, ticks: { show: false } };
  const line = (stroke: string, width: number) => ({ stroke: colour(stroke), width, points: { show: false } });
  const draw = (u: uPlot) => {
    if (baseLoss !== undefined) drawLevel(u, baseLoss, colour('--base'));
    drawValidation(u, points, colour('--amber'), colour('--card'));
  };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8, fill: colour('--leaf') } },
    scales: {
      x: { time: false, range: () => [0, Math.max(totalSteps, lastStep(points)) || 10] },
      y: { range: () => lossRange(points, baseLoss) },
    },
    axes: [
      { ...axis, size: 26, grid: { show: false }, incrs: WHOLE_STEPS },
      { ...axis, size: 44, grid, values: (_, ticks) => tickTexts(ticks) },
    ],
    series: [{}, line('--raw', 1.2), line('--leaf', 2.4)],
    hooks: { draw: [draw], setCursor: [(u) => onReading(readAt(points, u.cursor.idx))] },
  };
}

const lastStep = (points: RunPoints) => (points.count > 0 ? points.steps[points.count - 1]! : 0);

/** Views, not copies: uPlot thins points out by itself where there are more than pixels. */
function view(points: RunPoints): uPlot.AlignedData {
  const to = points.count;
  return [points.steps.subarray(0, to), points.loss.subarray(0, to), points.smooth.subarray(0, to)];
}

/** As many decimals as the distance between two ticks needs, the same for all of them. */
function tickTexts(ticks: readonly number[]): string[] {
  const apart = ticks.length > 1 ? ticks[1]! - ticks[0]! : 1;
  let decimals = 1;
  while (decimals < 4 && Math.abs(apart * 10 ** decimals - Math.round(apart * 10 ** decimals)) > 1e-6) decimals++;
  return ticks.map((tick) => tick.toFixed(decimals));
}

function readAt(points: RunPoints, index: number | null | undefined): Reading | undefined {
  if (index === null || index === undefined || index >= points.count) return undefined;
  return { step: points.steps[index]!, raw: points.loss[index]!, smooth: points.smooth[index]! };
}

function lossRange(points: RunPoints, baseLoss: number | undefined): [number, number] {
  let low = baseLoss ?? Number.POSITIVE_INFINITY;
  let high = baseLoss ?? Number.NEGATIVE_INFINITY;
  const widen = (values: Float64Array, n: number) => {
    for (let i = 0; i < n; i++) {
      const value = values[i]!;
      if (value < low) low = value;
      if (value > high && Number.isFinite(value)) high = value;
    }
  };
  widen(points.loss, points.count);
  widen(points.evalLoss, points.evalCount);
  if (!(high >= low)) return [0, 4];
  const room = Math.max((high - low) * 0.08, 0.05);
  return [Math.max(0, low - room), high + room];
}

function drawValidation(u: uPlot, points: RunPoints, fill: string, edge: string): void {
  const { ctx } = u;
  ctx.save();
  ctx.fillStyle = fill;
  ctx.strokeStyle = edge;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  for (let i = 0; i < points.evalCount; i++) {
    ctx.beginPath();
    const x = u.valToPos(points.evalSteps[i]!, 'x', true);
    const y = u.valToPos(points.evalLoss[i]!, 'y', true);
    ctx.arc(x, y, 4.5 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}

function drawLevel(u: uPlot, level: number, stroke: string): void {
  const { ctx, bbox } = u;
  const y = u.valToPos(level, 'y', true);
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
