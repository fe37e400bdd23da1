import { expect, test } from 'vitest';
import { Series } from './series.ts';

/** Plain loops: what `range` has to say. */
function slowRange(values: readonly number[], from: number, to: number) {
  const finite = values.slice(from, to).filter(Number.isFinite);
  return finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : undefined;
}

test('the range of any window is that of its numbers, whatever was added since', () => {
  const values: number[] = [];
  const series = new Series();
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let n = 0; n < 5000; n++) {
    const value = n % 97 === 5 ? Number.NaN : n % 211 === 3 ? Number.POSITIVE_INFINITY : random() * 8 - 4;
    values.push(value);
    series.add(value);
    if (n % 37 !== 0) continue;
    const from = Math.floor(random() * values.length);
    const to = from + Math.floor(random() * (values.length - from + 1));
    expect(series.range(from, to), `${from} to ${to} of ${n + 1}`).toEqual(slowRange(values, from, to));
  }
  expect(series.range(0, series.count)).toEqual(slowRange(values, 0, values.length));
  expect(series.range(10, 10)).toBeUndefined();
});

test('a picture of eight hours at ten steps a second reads a few entries a column, however long the run was', () => {
  const readsOfPicture = (steps: number) => {
    const series = new Series();
    for (let n = 0; n < steps; n++) series.add(Math.sin(n / 1000));
    expect(series.last).toBe(Math.sin((steps - 1) / 1000));
    let reads = 0;
    series.values = new Proxy(series.values, {
      get(values, key) {
        reads++;
        return Reflect.get(values, key);
      },
    });
    const width = steps / 1000;
    for (let column = 0; column < 1000; column++) series.range(column * width, (column + 1) * width);
    return reads;
  };
  const [oneHour, eightHours] = [readsOfPicture(36_000), readsOfPicture(288_000)];
  expect(oneHour).toBeGreaterThan(1000);
  expect(eightHours).toBeLessThan(20 * 1000);
});
