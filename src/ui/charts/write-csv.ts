// A run's figures as CSV (RFC 4180): one line a step, numbers to the last digit.
import type { RunPoints } from '../train/run-points.ts';

const HEAD = 'step,loss,loss_smoothed,validation,learning_rate,gradient_norm,tokens,milliseconds';

export function writeCsv(points: RunPoints): string {
  const evals = new Map(points.evals.map(({ step, loss }) => [step, loss]));
  const lines = [HEAD];
  const before = evals.get(0);
  if (before !== undefined) lines.push(`0,,,${before},,,,`);
  for (let i = 0; i < points.count; i++) {
    const { loss, smooth, lr, gradNorm, tokens, ms } = points;
    const at = [loss, smooth, evals.get(i + 1), lr, gradNorm, tokens, ms];
    lines.push(
      [i + 1, ...at.map((s) => (s === undefined || typeof s === 'number' ? (s ?? '') : s.values[i]!))].join(','),
    );
  }
  return `${lines.join('\r\n')}\r\n`;
}
