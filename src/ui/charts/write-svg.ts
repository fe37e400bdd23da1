// A chart as an SVG file that stands on its own: title, axes, lines, dots, legend. What is exported is what is shown, with
// the same window and the same axes.
import { type ChartSpec, shownSteps, thinDots, tickTexts, valueRange } from './chart-spec.ts';
import type { ChartView } from './chart-view.ts';
import { sampleSeries } from './sample-series.ts';

const WIDTH = 960;
const HEIGHT = 540;
const PLOT = { left: 64, top: 72, right: 936, bottom: 492 };

export interface Colours {
  /** Of a line ("--leaf" or a colour), of text, of the grid, of the paper. */
  of(name: string): string;
}

export function writeSvg(spec: ChartSpec, view: ChartView, colours: Colours): string {
  const steps = shownSteps(spec, view.window);
  const values = valueRange(spec, steps, view.logValues);
  const x = scale(steps, [PLOT.left, PLOT.right], view.logSteps);
  const y = scale(values, [PLOT.bottom, PLOT.top], view.logValues);
  const ink = colours.of('--ink');
  const soft = colours.of('--soft');
  const parts: string[] = [];
  const valueTicks = ticks(values, 6, view.logValues);
  const valueNames = view.logValues ? valueTicks.map((t) => String(Number(t.toPrecision(2)))) : tickTexts(valueTicks);
  for (const [i, tick] of valueTicks.entries()) {
    const at = fixed(y(tick));
    parts.push(`<path d="M${PLOT.left} ${at}H${PLOT.right}" stroke="${colours.of('--line')}"/>`);
    parts.push(text(PLOT.left - 8, y(tick) + 4, valueNames[i]!, soft, 'end'));
  }
  for (const tick of ticks(steps, 8, view.logSteps).filter((t) => Number.isInteger(t)))
    parts.push(text(x(tick), PLOT.bottom + 20, String(tick), soft, 'middle'));
  parts.push(text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 40, 'step', soft, 'middle'));

  const level = spec.level?.value();
  if (spec.level && level !== undefined)
    parts.push(
      `<path d="M${PLOT.left} ${fixed(y(level))}H${PLOT.right}" stroke="${colours.of(spec.level.stroke)}" stroke-width="1.5" stroke-dasharray="6 5"/>`,
    );
  for (const { step } of spec.marks ?? [])
    if (step >= steps[0] && step <= steps[1])
      parts.push(
        `<path d="M${fixed(x(step + 0.5))} ${PLOT.top}V${PLOT.bottom}" stroke="${soft}" stroke-dasharray="2 3"/>`,
      );
  const [at, ...rows] = sampleSeries(spec.lines, steps, PLOT.right - PLOT.left, view.logSteps);
  for (const [i, line] of spec.lines.entries()) {
    const dash = line.dash ? ` stroke-dasharray="${line.dash.join(' ')}"` : '';
    const path = pathOf(at, rows[i]!, x, y, view.logValues);
    parts.push(
      `<path d="${path}" fill="none" stroke="${colours.of(line.stroke)}" stroke-width="${line.width}" stroke-linejoin="round"${dash}/>`,
    );
  }
  for (const { points, fill } of spec.dots ?? []) {
    const shown = points.filter(({ step, loss }) => Number.isFinite(loss) && step >= steps[0] - 1 && step <= steps[1]);
    const xOf = ({ step }: { readonly step: number }) => x(Math.max(step, steps[0]));
    const { dots, line } = thinDots(shown, xOf);
    const path = line.map((point, i) => `${i === 0 ? 'M' : 'L'}${fixed(xOf(point))} ${fixed(y(point.loss))}`).join('');
    if (path !== '')
      parts.push(
        `<path d="${path}" fill="none" stroke="${colours.of(fill)}" stroke-width="1.6" stroke-dasharray="2 2"/>`,
      );
    for (const point of dots)
      parts.push(`<circle cx="${fixed(xOf(point))}" cy="${fixed(y(point.loss))}" r="4.5" fill="${colours.of(fill)}"/>`);
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${markup(spec.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="${colours.of('--card')}"/>`,
    `<text x="${PLOT.left}" y="30" font-size="18" font-weight="600" fill="${ink}">${markup(spec.title)}</text>`,
    ...legend(spec, colours, ink),
    ...parts,
    '</svg>',
  ].join('\n');
}

/** A picture of the SVG, twice as large for sharp text. */
export async function svgToPng(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), { width: 2 * WIDTH, height: 2 * HEIGHT });
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error('Cannot draw the PNG: found no image'))),
      'image/png',
    ),
  );
}

function legend(spec: ChartSpec, colours: Colours, ink: string): string[] {
  const entries = [
    ...spec.lines.map(({ name, stroke, dash, width }) => ({ name, colour: stroke, dash, width, isDot: false })),
    ...(spec.dots ?? []).map(({ name, fill }) => ({ name, colour: fill, dash: undefined, width: 1, isDot: true })),
    ...(spec.level
      ? [{ name: spec.level.name, colour: spec.level.stroke, dash: [6, 5], width: 1.5, isDot: false }]
      : []),
  ];
  let left = PLOT.left;
  return entries.map(({ name, colour, dash, width, isDot }) => {
    const stroke = colours.of(colour);
    const key = isDot
      ? `<circle cx="${left + 9}" cy="51" r="4.5" fill="${stroke}"/>`
      : `<path d="M${left} 51h18" stroke="${stroke}" stroke-width="${width}"${dash ? ` stroke-dasharray="${dash.join(' ')}"` : ''}/>`;
    const label = text(left + 24, 55, name, ink, 'start');
    left += 24 + name.length * 7 + 24;
    return key + label;
  });
}

function pathOf(
  steps: readonly number[],
  values: readonly (number | null)[],
  x: (v: number) => number,
  y: (v: number) => number,
  isLog: boolean,
): string {
  let path = '';
  let isOpen = false;
  for (const [i, value] of values.entries()) {
    if (value === null || (isLog && value <= 0)) {
      isOpen = false;
      continue;
    }
    path += `${isOpen ? 'L' : 'M'}${fixed(x(steps[i]!))} ${fixed(y(value))}`;
    isOpen = true;
  }
  return path;
}

function scale([low, high]: readonly [number, number], [a, b]: readonly [number, number], isLog: boolean) {
  const to = (v: number) => (isLog ? Math.log(Math.max(v, 1e-12)) : v);
  return (value: number) => a + ((to(value) - to(low)) / (to(high) - to(low) || 1)) * (b - a);
}

/** Round numbers in the range: 1, 2 or 5 times a power of ten apart; of a log range, those numbers themselves. */
export function ticks([low, high]: readonly [number, number], most: number, isLog: boolean): number[] {
  const found: number[] = [];
  if (isLog) {
    for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++)
      for (const m of [1, 2, 5]) found.push(m * 10 ** p);
    const inside = found.filter((t) => t >= low && t <= high);
    if (inside.length > 1) return inside;
  }
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const apart = ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(high / apart) - Math.ceil(low / apart) + 1 }, (_, i) =>
    Number(((Math.ceil(low / apart) + i) * apart).toPrecision(12)),
  );
}

const text = (x: number, y: number, says: string, fill: string, anchor: string) =>
  `<text x="${fixed(x)}" y="${fixed(y)}" fill="${fill}" text-anchor="${anchor}">${markup(says)}</text>`;
const fixed = (v: number) => Number(v.toFixed(1));
const markup = (says: string) =>
  says.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);
