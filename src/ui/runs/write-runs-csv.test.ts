import { expect, test } from 'vitest';
import { RunPoints } from '../train/run-points.ts';
import { writeRunsCsv } from './write-runs-csv.ts';

test('runs of different lengths stand side by side, whatever they are called', () => {
  const [long, short] = [new RunPoints(), new RunPoints()];
  for (const loss of [3, 2]) long.addStep({ loss, lr: 1, gradNorm: 1, ms: 1, tokens: 1 });
  short.addStep({ loss: 5, lr: 1, gradNorm: 1, ms: 1, tokens: 1 });
  short.addEval({ step: 1, loss: 4 });
  const csv = writeRunsCsv([
    { name: 'a, "b"', points: long },
    { name: 'c', points: short },
  ]);
  expect(csv).toBe('step,"a, ""b"": loss","a, ""b"": validation","c: loss","c: validation"\r\n1,3,,5,4\r\n2,2,,,\r\n');
});
