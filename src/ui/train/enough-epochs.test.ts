import { expect, it } from 'vitest';
import { enoughEpochs } from './enough-epochs.ts';

const planOf = (stepsPerEpoch: number, epochs: number) => ({ stepsPerEpoch, totalSteps: stepsPerEpoch * epochs });

it('asks for more epochs where a few rows make a few steps', () => {
  expect(enoughEpochs(planOf(3, 3), { epochs: 3 })).toBe(20);
  expect(enoughEpochs(planOf(12, 3), { epochs: 3 })).toBe(5);
});

it('shows no row more than thirty times', () => {
  expect(enoughEpochs(planOf(1, 3), { epochs: 3 })).toBe(30);
  expect(enoughEpochs(planOf(1, 30), { epochs: 30 })).toBeUndefined();
});

it('says nothing where steps are enough, or were chosen', () => {
  expect(enoughEpochs(planOf(20, 3), { epochs: 3 })).toBeUndefined();
  expect(enoughEpochs(planOf(3, 3), {})).toBeUndefined();
});
