// What the rows held back say of a run that is over: whether something was learned, and whether it went on for too long.
import type { RunPoints } from './run-points.ts';

/** A lower validation on the way is chance unless it is lower by this share. */
const CLEARLY = 0.02;

export type Verdict =
  | { readonly kind: 'worse' }
  /** The validation was clearly lower after `step`, and rose from there. */
  | { readonly kind: 'too-long'; readonly step: number; readonly loss: number };

export function verdictOf(
  evals: RunPoints['evals'],
  end: {
    readonly steps: number;
    readonly validationLoss: number | undefined;
    readonly baseValidationLoss: number | undefined;
  },
): Verdict | undefined {
  const { steps, validationLoss: last, baseValidationLoss: base } = end;
  if (last === undefined || base === undefined) return undefined;
  if (last >= base) return { kind: 'worse' };
  const onTheWay = evals.filter(({ step }) => step > 0 && step < steps);
  const lowest = onTheWay.toSorted((a, b) => a.loss - b.loss)[0];
  if (lowest === undefined || lowest.loss >= last * (1 - CLEARLY)) return undefined;
  return { kind: 'too-long', ...lowest };
}
