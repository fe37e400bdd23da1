import { expect, test } from 'vitest';
import { sampleSeries } from './sample-series.ts';
import { Series } from './series.ts';

test('few steps are drawn one by one, each at its own place', () => {
  const series = Series.of([3, 2, Number.NaN, 1]);
  expect(sampleSeries([{ series }], [1, 100], 50)).toEqual([
    [1, 2, 3, 4],
    [3, 2, null, 1],
  ]);
  expect(sampleSeries([{ series }], [2, 3], 50)).toEqual([
    [2, 3],
    [2, null],
  ]);
});

test('many steps become two points a column, and no peak is lost', () => {
  const series = new Series();
  for (let n = 1; n <= 100_000; n++) series.add(n === 54_321 ? 99 : n === 12_345 ? -7 : 1);
  for (const isLog of [false, true]) {
    const [steps, values] = sampleSeries([{ series, isNoisy: true }], [1, 100_000], 300, isLog);
    expect(steps.length).toBeLessThanOrEqual(600);
    expect(steps.at(-1)).toBe(100_000);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect([Math.min(...(values as number[])), Math.max(...(values as number[]))]).toEqual([-7, 99]);
  }
});

test('curves of different lengths stand over the same steps', () => {
  const [steps, long, short] = sampleSeries([{ series: Series.of([1, 2, 3]) }, { series: Series.of([5]) }], [1, 9], 9);
  expect([steps, long, short]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [5, null, null],
  ]);
  expect(sampleSeries([{ series: new Series() }], [1, 9], 9)).toEqual([[], []]);
});
