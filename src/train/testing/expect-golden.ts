// What every reference test expects of a model and of a run, within the tolerances.

import { expect } from 'vitest';
import type { Adapter } from '../../lora/adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import type { BaseJson } from './golden.ts';
import { score, worstLogit } from './score-golden.ts';
import { ALL_LOSSES, FIRST_LOSSES, LOGITS, LOSS } from './tolerances.ts';

/** The reference's batch gives its logits ([row][token][V]) and its mean loss. */
export async function expectScores(
  model: BaseModel,
  adapter: Adapter | undefined,
  base: BaseJson,
  expected: { readonly logits: Float32Array; readonly loss: number },
): Promise<void> {
  const { logits, loss } = await score(model, adapter, base);
  expect(worstLogit(logits, expected.logits, base, model.config.vocab)).toBeLessThan(LOGITS);
  expect(Math.abs(loss - expected.loss)).toBeLessThan(LOSS);
}

/** Of twenty steps, and of what they made; `most`: beyond the first five. */
export function expectLosses(losses: readonly number[], expected: readonly number[], most = ALL_LOSSES): void {
  for (const [i, loss] of losses.entries())
    expect(Math.abs(loss - expected[i]!), `loss ${i}`).toBeLessThan(i < 5 ? FIRST_LOSSES : most);
}
