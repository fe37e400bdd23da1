// How the time of a step grows with tokens, layers, parameters, adapters and rank, measured on this machine and drawn into docs/images:
//
//   npm run bench:charts             measures, keeps the figures in docs/benchmarks.json, draws
//   npm run bench:charts -- --draw   draws what was measured before
//
// Colours are readable on white and on GitHub's dark page: an image there does not know which it is on.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const FIGURES = path.join(root, 'docs/benchmarks.json');

/** Parameters of the workload's models (src/engine/bench-workload.ts), embedding included. */
const PARAMETERS = { T: 7.7e4, XS: 9.9e5, S: 5.4e6, M: 1.345e8 };

/** `x` of a case; `log`: both axes, with the line of proportion through the point `through`; else from 0, with the straight line that fits best. */
export const SERIES = [
  {
    name: 'tokens',
    axis: 'tokens of a step',
    log: true,
    through: 'first',
    values: [128, 256, 512, 1024, 2048, 4096],
    of: (t) => `XS-b1-s${t}`,
  },
  { name: 'layers', axis: 'layers', log: false, values: [1, 2, 4, 8, 16], of: (l) => `XS-b1-s128-l${l}` },
  {
    name: 'parameters',
    axis: 'parameters',
    log: true,
    values: Object.values(PARAMETERS),
    of: (p) => `${modelOf(p)}-b1-s128`,
  },
  { name: 'adapters', axis: 'adapters at once', log: false, values: [1, 2, 4], of: (a) => `S-b1-s128-a${a}` },
  { name: 'rank', axis: 'rank', log: false, values: [4, 8, 16, 32, 64, 128], of: (r) => `S-b1-s128-r${r}` },
];

function modelOf(parameters) {
  return Object.keys(PARAMETERS).find((name) => PARAMETERS[name] === parameters);
}

const INK = '#6e7781';
const LINE = '#2f81f7';
const [WIDTH, HEIGHT] = [420, 260];
const PLOT = { left: 64, right: WIDTH - 16, top: 34, bottom: HEIGHT - 44 };

/** One chart as SVG. points: {x, least, median} in milliseconds; a dot is the least, its line goes up to the median. */
export function drawSeries({ axis, log, through }, points, device, what = 'time of a step') {
  const xs = points.map((p) => p.x);
  const most = Math.max(...points.map((p) => p.median));
  const toX = log
    ? scale(Math.log(xs[0]), Math.log(xs.at(-1)), PLOT.left + 8, PLOT.right - 8, Math.log)
    : scale(0, xs.at(-1), PLOT.left, PLOT.right - 8);
  const least = Math.min(...points.map((p) => p.least));
  const toY = log
    ? scale(Math.log10(least / 1.3), Math.log10(most * 1.3), PLOT.bottom, PLOT.top, Math.log10)
    : scale(0, most * 1.08, PLOT.bottom, PLOT.top);
  const yTicks = log ? decades(least / 1.3, most * 1.3) : roundTicks(most * 1.08);
  const guide = log
    ? proportion(points, through === 'first' ? points[0] : points.at(-1), least / 1.3)
    : bestLine(points);
  const text = (x, y, words, anchor = 'middle') =>
    `<text x="${r(x)}" y="${r(y)}" text-anchor="${anchor}">${words}</text>`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="11" fill="${INK}">`,
    `<title>${what} by ${axis}, ${device}</title>`,
    text(PLOT.left, 16, `${what} by ${axis}`, 'start'),
    ...yTicks.map(
      (ms) =>
        `<path d="M${PLOT.left} ${r(toY(ms))}H${PLOT.right}" stroke="${INK}" stroke-opacity=".25"/>${text(PLOT.left - 6, toY(ms) + 4, duration(ms), 'end')}`,
    ),
    ...xs.map((x, i) => (isCrowded(xs, i, toX) ? '' : text(toX(x), PLOT.bottom + 18, amount(x)))),
    text((PLOT.left + PLOT.right) / 2, HEIGHT - 8, log ? `${axis} (both axes logarithmic)` : axis),
    `<path d="M${guide.map(([x, y]) => `${r(toX(x))} ${r(toY(y))}`).join('L')}" stroke="${INK}" stroke-dasharray="4 4" fill="none"/>`,
    `<path d="M${points.map((p) => `${r(toX(p.x))} ${r(toY(p.least))}`).join('L')}" stroke="${LINE}" stroke-width="2" fill="none"/>`,
    ...points.map(
      (p) =>
        `<path d="M${r(toX(p.x))} ${r(toY(p.least))}V${r(toY(p.median))}" stroke="${LINE}"/><circle cx="${r(toX(p.x))}" cy="${r(toY(p.least))}" r="3.5" fill="${LINE}"/>`,
    ),
    '</svg>',
  ];
  return `${parts.filter(Boolean).join('\n')}\n`;
}

function scale(from, to, low, high, map = (v) => v) {
  return (v) => low + ((map(v) - from) / (to - from)) * (high - low);
}

/** Two ends of the line through a point on which time is in proportion to x, from where it would be `floor` or the first x. */
function proportion(points, through, floor) {
  const perX = through.least / through.x;
  return [Math.max(points[0].x, floor / perX), points.at(-1).x].map((x) => [x, x * perX]);
}

/** Least squares. */
export function bestLine(points) {
  const n = points.length;
  const mx = points.reduce((s, p) => s + p.x, 0) / n;
  const my = points.reduce((s, p) => s + p.least, 0) / n;
  const slope =
    points.reduce((s, p) => s + (p.x - mx) * (p.least - my), 0) / points.reduce((s, p) => s + (p.x - mx) ** 2, 0);
  const at = (x) => my + slope * (x - mx);
  const end = points.at(-1).x;
  return [
    [0, Math.max(0, at(0))],
    [end, at(end)],
  ];
}

function decades(low, high) {
  const ticks = [];
  for (let e = Math.floor(Math.log10(low)); 10 ** e <= high; e++)
    for (const m of [1, 3]) if (m * 10 ** e >= low && m * 10 ** e <= high) ticks.push(m * 10 ** e);
  return ticks;
}

function roundTicks(most) {
  const raw = most / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= raw);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

/** True when the tick before it is too near to be read. */
function isCrowded(xs, i, toX) {
  return i < xs.length - 1 && toX(xs[i + 1]) - toX(xs[i]) < 18;
}

function duration(ms) {
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(3))} s` : `${Number(ms.toPrecision(3))} ms`;
}
function amount(x) {
  return x >= 1e6
    ? `${Number((x / 1e6).toPrecision(2))} M`
    : x >= 1e4
      ? `${Math.round(x / 1e3)} k`
      : x.toLocaleString('en');
}
function r(n) {
  return Math.round(10 * n) / 10;
}

/** Runs the cases through `graft bench`, the smallest first; a failed case ends it. */
function measure() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'graft-bench-'));
  const before = existsSync(FIGURES) ? JSON.parse(readFileSync(FIGURES, 'utf8')) : { series: {} };
  const kept = { ...before };
  try {
    for (const series of SERIES) {
      if (only.length > 0 && !only.includes(series.name)) continue;
      const json = path.join(folder, 'out.json');
      const cases = series.values.map(series.of);
      const args = ['bench', ...cases, '--warm', '1', '--steps', '5', '--json', json];
      const { status } = spawnSync(process.execPath, [path.join(root, 'bin/graft.mjs'), ...args], { stdio: 'inherit' });
      if (status !== 0) throw new Error(`Cannot measure ${series.name}: graft bench ended with ${status}`);
      const { device, isSoftware, date, results } = JSON.parse(readFileSync(json, 'utf8'));
      kept.device = device;
      // What a processor is busy with beside it changes the time of a software adapter, hardly the time that it works.
      kept.what = isSoftware ? 'processor time of a step' : 'time of a step';
      kept.date = date.slice(0, 10);
      kept.series = {
        ...kept.series,
        [series.name]: results.map((result, i) => ({
          case: result.case,
          x: series.values[i],
          least: round(result.processorMs?.least ?? result.msMin),
          median: round(result.processorMs?.median ?? result.msMedian),
          leastMs: round(result.msMin),
          allocatedBytes: result.allocatedBytes,
          dispatches: result.dispatches,
        })),
      };
      writeFileSync(FIGURES, `${JSON.stringify(kept, null, 2)}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function round(ms) {
  return Number(ms.toPrecision(4));
}

function draw() {
  const { device, what, series } = JSON.parse(readFileSync(FIGURES, 'utf8'));
  for (const one of SERIES)
    if (series[one.name])
      writeFileSync(
        path.join(root, `docs/images/bench-${one.name}.svg`),
        drawSeries(one, series[one.name], device, what),
      );
}

const args = process.argv.slice(2);
const only = args.filter((arg) => !arg.startsWith('--'));
if (process.argv[1] === import.meta.filename) {
  if (!args.includes('--draw')) measure();
  draw();
}
