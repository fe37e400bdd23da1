import { expect, test } from 'vitest';
import { RunPoints } from './run-points.ts';

const step = (ms: number, tokens: number, loss = 3) => ({ loss, lr: 1e-3, gradNorm: 0.5, ms, tokens });

test('the smoothed curve starts at the first loss and follows a constant one exactly', () => {
  const points = new RunPoints();
  for (let n = 1; n <= 600; n++) points.addStep(step(100, 50, 2.5));
  expect(points.smooth.values[0]).toBeCloseTo(2.5, 12);
  expect(points.smooth.last).toBeCloseTo(2.5, 12);
  expect(points.count).toBe(600);
});

test('speed is that of the last twenty steps', () => {
  const points = new RunPoints();
  points.addStep(step(60_000, 10));
  for (let n = 2; n <= 21; n++) points.addStep(step(200, 100));
  expect(points.msPerStep).toBe(200);
  expect(points.tokensPerSecond).toBe(500);
  expect(points.speed.last).toBe(500);
});

test('every change raises the version', () => {
  const points = new RunPoints();
  points.addStep(step(1, 1));
  points.addEval({ step: 1, loss: 2.9 });
  points.addRate({ step: 1, learningRate: 1e-4 });
  expect([points.version, points.lastEval, points.baseEval]).toEqual([3, 2.9, undefined]);
});

test('a validation before the first step is the base on its own', () => {
  const points = new RunPoints();
  points.addEval({ step: 0, loss: 3.1 });
  points.addEval({ step: 20, loss: 2.2 });
  expect([points.baseEval, points.lastEval]).toEqual([3.1, 2.2]);
});
