import { expect, test } from 'vitest';
import { RunPoints } from './run-points.ts';

test('the smoothed curve starts at the first loss and follows a constant one exactly', () => {
  const points = new RunPoints();
  for (let step = 1; step <= 600; step++) points.addStep(step, 2.5, 100, 50);
  expect(points.smooth[0]).toBeCloseTo(2.5, 12);
  expect(points.lastSmooth).toBeCloseTo(2.5, 12);
  expect(points.count).toBe(600);
  expect(points.steps[599]).toBe(600);
});

test('speed is that of the last twenty steps', () => {
  const points = new RunPoints();
  points.addStep(1, 3, 60_000, 10);
  for (let step = 2; step <= 21; step++) points.addStep(step, 3, 200, 100);
  expect(points.msPerStep).toBe(200);
  expect(points.tokensPerSecond).toBe(500);
});

test('every change raises the version', () => {
  const points = new RunPoints();
  points.addStep(1, 3, 1, 1);
  points.addEval(1, 2.9);
  expect([points.version, points.lastEval, points.baseEval]).toEqual([2, 2.9, undefined]);
});

test('a validation before the first step is the base on its own', () => {
  const points = new RunPoints();
  points.addEval(0, 3.1);
  points.addEval(20, 2.2);
  expect([points.baseEval, points.lastEval]).toEqual([3.1, 2.2]);
});
