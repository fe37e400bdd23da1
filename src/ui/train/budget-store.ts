// Memory of the GPU that a run may take. Browsers do not say how much there is, so a person does.
import { createStore } from 'zustand/vanilla';
import { keep, kept } from '../keep.ts';

const GB = 1e9;
/** In GB. */
export const BUDGET = { min: 0.1, max: 256, usual: 2 };

export const budgetStore = createStore<{ readonly budgetBytes: number }>(() => ({
  budgetBytes: readBudget(kept('gpu-budget')),
}));

export function changeBudget(gigabytes: number): void {
  budgetStore.setState({ budgetBytes: gigabytes * GB });
  keep('gpu-budget', gigabytes);
}

function readBudget(stored: unknown): number {
  const isUsable = typeof stored === 'number' && stored >= BUDGET.min && stored <= BUDGET.max;
  return (isUsable ? stored : BUDGET.usual) * GB;
}
