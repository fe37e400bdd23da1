import { expect, test } from 'vitest';
import type { ChartSpec } from './chart-spec.ts';
import { Series } from './series.ts';
import { ticks, writeSvg } from './write-svg.ts';

const spec: ChartSpec = {
  title: 'Loss of <script>',
  lines: [{ name: 'each step', series: Series.of([4, 2, 1]), stroke: '#111', width: 1 }],
  dots: [{ name: 'validation', points: [{ step: 2, loss: 3 }], fill: '#222' }],
  level: { name: 'base', stroke: '#333', value: () => 4 },
  marks: [{ step: 1 }],
  totalSteps: () => 3,
  version: () => 0,
};
const view = { window: undefined, logValues: false, logSteps: false, step: undefined };
const colours = { of: (name: string) => (name.startsWith('--') ? '#abc' : name) };

test('the SVG holds every step, is well formed and takes no markup from a name', () => {
  const svg = writeSvg(spec, view, colours);
  expect(svg).toContain('Loss of &lt;script&gt;');
  expect(svg).not.toContain('<script>');
  const [path] = svg.match(/d="M[^"]*" fill="none"/) ?? [];
  expect(path!.match(/[ML]/g)).toEqual(['M', 'L', 'L']);
  expect(svg.match(/<circle/g)).toHaveLength(2);
  expect(svg.match(/NaN|undefined/)).toBeNull();
  expect(writeSvg(spec, { ...view, logValues: true, logSteps: true }, colours)).not.toMatch(/NaN|Infinity/);
});

test('dots that would run into each other become a thin line that ends in one', () => {
  const points = Array.from({ length: 288 }, (_, i) => ({ step: 100 * (i + 1), loss: 3 - i / 288 }));
  const dense = { ...spec, dots: [{ name: 'validation', points, fill: '#222' }], totalSteps: () => 28_800 };
  const svg = writeSvg(dense, view, colours);
  expect(svg.match(/<circle/g), 'the last, and the key').toHaveLength(2);
  expect(svg).toMatch(/<path d="M[^"]*" fill="none" stroke="#222"/);
  const zoomed = writeSvg(dense, { ...view, window: [1000, 3000] }, colours);
  expect(zoomed.match(/<circle/g), 'zoomed in, each of them').toHaveLength(22);
});

test('ticks are round and inside the range', () => {
  expect(ticks([0.9, 4.2], 6, false)).toEqual([1, 2, 3, 4]);
  expect(ticks([1, 903], 8, false)).toEqual([200, 400, 600, 800]);
  expect(ticks([0.04, 3], 6, true)).toEqual([0.05, 0.1, 0.2, 0.5, 1, 2]);
});
