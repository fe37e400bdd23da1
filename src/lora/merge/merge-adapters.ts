// Several adapters of one base → one adapter, as PEFT's add_weighted_adapter gives it: LoRAs by any of its methods, IA³ by the
// weighted sum of its factors. For other methods PEFT has none, and neither have we.

import type { Adapter } from '../adapter.ts';
import { methodName } from '../adapter-config.ts';
import { checkIa3, mergeIa3 } from './merge-ia3.ts';
import { checkLora, mergeLora } from './merge-lora.ts';
import {
  isPruning,
  MERGE_METHODS,
  type MergeBase,
  type MergeFacts,
  type MergeInput,
  type MergeMethod,
  type MergeOptions,
} from './merge-options.ts';

export {
  MERGE_METHODS,
  type MergeBase,
  type MergeInput,
  type MergeMethod,
  type MergeOptions,
} from './merge-options.ts';

/** Why not, by method. */
const UNMERGEABLE: ReadonlyMap<string, string> = new Map([
  [
    methodName({ peft_type: 'PROMPT_TUNING' }),
    'its rows stand before the text and are no change of the base, so that no sum of two says what both say',
  ],
  [
    methodName({ peft_type: 'BOTTLENECK' }),
    'its layers have a nonlinearity between their weights, so that no sum of two does what both do',
  ],
]);

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

/** Throws a RangeError unless one method has them all, one that can be merged, over one base. */
export function checkTogether(all: readonly MergeFacts[]): void {
  const [first] = all;
  for (const { name, method } of all) {
    const why = UNMERGEABLE.get(method);
    if (why !== undefined)
      throw new RangeError(`Cannot merge the adapters: found ${method} in "${name}", need LoRA or IA³ (${why})`);
    if (method !== first!.method)
      throw new RangeError(
        `Cannot merge the adapters: found ${first!.method} in "${first!.name}" and ${method} in "${name}", need one method`,
      );
  }
  const based = all.flatMap(({ name, base }) => (base === undefined ? [] : [{ name, base }]));
  const other = based.find(({ base }) => !isSameBase(base, based[0]!.base));
  if (other === undefined) return;
  const { name, base } = based[0]!;
  const otherBase = other.base.name === base.name ? `another ${base.name}` : other.base.name;
  throw new RangeError(
    `Cannot merge the adapters: found "${name}" over ${base.name} and "${other.name}" over ${otherBase}, need one base`,
  );
}

/** Hashes are of stored weights: of one model in two quantisations they say nothing, and its name has to do. */
function isSameBase(one: MergeBase, other: MergeBase): boolean {
  if (one.hash === other.hash) return true;
  const isKnown = one.quant !== undefined && other.quant !== undefined;
  return isKnown && one.quant !== other.quant && one.name === other.name;
}

function checkInputs(inputs: readonly MergeInput[]): void {
  checkTogether(inputs.map(({ name, adapter, base }) => ({ name, method: methodName(adapter.config), base })));
  for (const { name, weight } of inputs)
    if (!Number.isFinite(weight))
      throw new RangeError(`Cannot merge the adapters: found weight ${weight} for "${name}", need a number`);
}
