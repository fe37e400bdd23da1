// Several adapters of one base → one adapter, as PEFT's add_weighted_adapter gives it: LoRAs by any of its methods, IA³ by the
// weighted sum of its factors. For other methods PEFT has none, and neither have we.

import type { Adapter } from '../adapter.ts';
import { methodName } from '../adapter-config.ts';
import { checkIa3, mergeIa3 } from './merge-ia3.ts';
import { checkLora, mergeLora } from './merge-lora.ts';
import { isPruning, MERGE_METHODS, type MergeInput, type MergeMethod, type MergeOptions } from './merge-options.ts';

export { MERGE_METHODS, type MergeInput, type MergeMethod, type MergeOptions } from './merge-options.ts';

/** Why not, by peft_type. */
const UNMERGEABLE = {
  PROMPT_TUNING:
    'its rows stand before the text and are no change of the base, so that no sum of two says what both say',
  BOTTLENECK: 'its layers have a nonlinearity between their weights, so that no sum of two does what both do',
} as const;

/** Throws a RangeError or TypeError that names the adapter and what does not fit. */
export function mergeAdapters(inputs: readonly MergeInput[], options: MergeOptions): Adapter {
  checkInputs(inputs);
  return isIa3(inputs) ? mergeIa3(inputs, options) : mergeLora(inputs, options);
}

/** The methods that merge them, `density` and all, their base at hand; nothing is computed. Throws what a merge throws where there is none. */
export function methodsFor(inputs: readonly MergeInput[]): MergeMethod[] {
  checkInputs(inputs);
  const magnitudes = inputs.flatMap(({ adapter }) =>
    [...adapter.modules].map(([path, m]) => [path, m.magnitude] as const),
  );
  const baseLengths = new Map(magnitudes.flatMap(([path, m]) => (m ? [[path, m] as const] : [])));
  const check = (method: MergeMethod) =>
    isIa3(inputs)
      ? checkIa3(inputs, { method })
      : checkLora(inputs, { method, baseLengths, ...(isPruning(method) && { density: 1 }) });
  const found = MERGE_METHODS.filter((method) => {
    try {
      check(method);
      return true;
    } catch {
      return false;
    }
  });
  if (found.length === 0) check(isIa3(inputs) ? 'linear' : 'cat');
  return found;
}

const isIa3 = (inputs: readonly MergeInput[]) => inputs[0]?.adapter.config.peft_type === 'IA3';

/** That one method has them all, and one that can be merged. */
function checkInputs(inputs: readonly MergeInput[]): void {
  for (const { name, weight, adapter } of inputs) {
    const { config } = adapter;
    const { config: first } = inputs[0]!.adapter;
    if (config.peft_type === 'PROMPT_TUNING' || config.peft_type === 'BOTTLENECK')
      throw new RangeError(
        `Cannot merge the adapters: found ${methodName(config)} in "${name}", need LoRA or IA³ (${UNMERGEABLE[config.peft_type]})`,
      );
    if (config.peft_type !== first.peft_type)
      throw new RangeError(
        `Cannot merge the adapters: found ${methodName(first)} in "${inputs[0]!.name}" and ${methodName(config)} in "${name}", need one method`,
      );
    if (!Number.isFinite(weight))
      throw new RangeError(`Cannot merge the adapters: found weight ${weight} for "${name}", need a number`);
  }
}
