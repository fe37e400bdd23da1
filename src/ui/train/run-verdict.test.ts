import { expect, it } from 'vitest';
import { verdictOf } from './run-verdict.ts';

const END = { steps: 30, validationLoss: 2, baseValidationLoss: 3 };
const evals = (...losses: number[]) => losses.map((loss, i) => ({ step: 10 * i, loss }));

it('says nothing of a run whose validation falls to the end', () => {
  expect(verdictOf(evals(3, 2.5, 2.2, 2), END)).toBeUndefined();
});

it('says so when the adapter is no better than the base', () => {
  expect(verdictOf(evals(3, 2.5, 2.9, 3.1), { ...END, validationLoss: 3.1 })).toEqual({ kind: 'worse' });
  expect(verdictOf([], { ...END, validationLoss: 3 })).toEqual({ kind: 'worse' });
});

it('names the step after which the validation rose', () => {
  expect(verdictOf(evals(3, 1.7, 1.8, 2), END)).toEqual({ kind: 'too-long', step: 10, loss: 1.7 });
});

it('takes a small difference for chance, and the base for no step of the run', () => {
  expect(verdictOf(evals(3, 1.97, 1.99, 2), END)).toBeUndefined();
  expect(verdictOf(evals(1.5, 2.5, 2.2, 2), END)).toBeUndefined();
});

it('says nothing without rows held back', () => {
  expect(verdictOf([], { ...END, validationLoss: undefined, baseValidationLoss: undefined })).toBeUndefined();
});
