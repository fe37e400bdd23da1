import { expect, test } from 'vitest';
import { fitWindow, zoom } from './chart-view.ts';

const view = { window: undefined, logValues: false, logSteps: false, step: undefined };

test('a window stays inside the run and never gets too small', () => {
  expect(fitWindow([-20, 30], 100)).toEqual([1, 51]);
  expect(fitWindow([90, 140], 100)).toEqual([50, 100]);
  expect(fitWindow([40, 40], 100)).toEqual([40, 43]);
  expect(fitWindow([1, 100], 100)).toBeUndefined();
  expect(fitWindow([1, 2], 3)).toBeUndefined();
});

test('zooming in and out again comes back, around the step that is read', () => {
  const inside = zoom(view, 0.5, 100)!;
  expect(inside[1] - inside[0] + 1).toBe(50);
  expect(zoom({ ...view, window: inside }, 2, 100)).toBeUndefined();
  const [from, to] = zoom({ ...view, step: 10 }, 0.5, 100)!;
  expect(from <= 10 && to >= 10).toBe(true);
});
