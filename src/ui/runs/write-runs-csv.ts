// Several runs as one CSV: a line a step, a column of loss and one of validation for each run.
import type { RunPoints } from '../train/run-points.ts';

export function writeRunsCsv(runs: readonly { readonly name: string; readonly points: RunPoints }[]): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const head = ['step', ...runs.flatMap(({ name }) => [quoted(`${name}: loss`), quoted(`${name}: validation`)])];
  const evals = runs.map(({ points }) => new Map(points.evals.map(({ step, loss }) => [step, loss])));
  const last = runs.reduce((most, { points }) => Math.max(most, points.count), 0);
  const lines = [head.join(',')];
  for (let step = 1; step <= last; step++)
    lines.push(
      [
        step,
        ...runs.flatMap(({ points }, i) => [
          step <= points.count ? points.loss.values[step - 1]! : '',
          evals[i]!.get(step) ?? '',
        ]),
      ].join(','),
    );
  return `${lines.join('\r\n')}\r\n`;
}
