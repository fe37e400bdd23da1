import { expect, test } from 'vitest';
import { RunPoints } from '../train/run-points.ts';
import { writeCsv } from './write-csv.ts';

test('a run is a table: one line a step, validations beside their steps', () => {
  const points = new RunPoints();
  points.addEval({ step: 0, loss: 3.5 });
  for (const loss of [3, 2.5]) points.addStep({ loss, lr: 1e-4, gradNorm: 1 / 3, tokens: 64, ms: 12.5 });
  points.addEval({ step: 2, loss: 3.25 });
  const [head, before, first, second, end] = writeCsv(points).split('\r\n');
  expect(head).toBe('step,loss,loss_smoothed,validation,learning_rate,gradient_norm,tokens,milliseconds');
  expect([before, first]).toEqual(['0,,,3.5,,,,', `1,3,3,,0.0001,${1 / 3},64,12.5`]);
  expect(second!.split(',').slice(0, 4)).toEqual(['2', '2.5', String(points.smooth.values[1]), '3.25']);
  expect(end).toBe('');
});
