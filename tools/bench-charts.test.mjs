import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestLine, drawSeries, SERIES } from './bench-charts.mjs';

const line = [1, 2, 4].map((x) => ({ x, least: 10 + 5 * x, median: 12 + 5 * x }));

test('the fitted line of times that lie on one is that line', () => {
  assert.deepEqual(bestLine(line), [
    [0, 10],
    [4, 30],
  ]);
});

test('a chart has a dot for each time, inside its frame', () => {
  for (const series of SERIES) {
    const svg = drawSeries(series, line, 'a device');
    const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
    assert.equal(dots.length, 3, series.name);
    for (const [x, y] of dots) assert.ok(x > 60 && x < 420 && y > 30 && y < 220, `${series.name}: ${x}, ${y}`);
    assert.ok(!svg.includes('NaN'));
  }
});
