// Several IA³ adapters of one base → one, as PEFT's add_weighted_adapter has it (huggingface/peft 0.21, tuners/ia3/model.py):
//
//   l = Σ wᵢ·lᵢ        over those that have the module
//
// Factors multiply, and 1 leaves the base as it is: weights that do not add up to 1 scale the base itself.

import type { Adapter } from '../adapter.ts';
import { checkAdapter } from '../adapter.ts';
import { type Ia3Config, type Ia3Module, isFeedforwardOf } from '../methods/ia3.ts';
import type { MergeInput, MergeOptions } from './merge-options.ts';

/** Throws a RangeError or TypeError that names the adapter and the module that does not fit. */
export function mergeIa3(inputs: readonly MergeInput[], options: MergeOptions): Adapter {
  checkIa3(inputs, options);
  const ia3 = new Map<string, Ia3Module>();
  for (const { adapter, weight } of inputs) {
    // In f32, as torch adds them up.
    const factor = Math.fround(weight);
    for (const [path, module] of adapter.ia3 ?? []) {
      if (!ia3.has(path)) ia3.set(path, { ...module, values: new Float32Array(module.values.length) });
      const { values } = ia3.get(path)!;
      for (let i = 0; i < values.length; i++) values[i] = values[i]! + Math.fround(factor * module.values[i]!);
    }
  }
  const merged: Adapter = {
    config: mergedConfig(inputs, ia3),
    baseName: inputs.find(({ adapter }) => adapter.baseName !== undefined)?.adapter.baseName,
    modules: new Map(),
    ia3,
  };
  checkAdapter(merged);
  return merged;
}

/** All that can be said before a number is touched: throws what mergeIa3 throws. */
export function checkIa3(inputs: readonly MergeInput[], { method, rank, density }: MergeOptions): void {
  if (method !== 'linear') throw bad(`method ${method} for IA³`, 'linear, the one that it has');
  if (rank !== undefined) throw bad(`rank ${rank} for IA³`, 'none: it has no rank');
  if (density !== undefined) throw bad(`density ${density} for IA³`, 'none: nothing is pruned');
  const first = new Map<string, { readonly name: string; readonly module: Ia3Module }>();
  for (const { name, adapter } of inputs) {
    const [saved] = adapter.saved?.keys() ?? [];
    if (saved !== undefined)
      throw bad(`parameters trained in full ("${saved}") in "${name}"`, 'factors alone (PEFT leaves the rest out)');
    for (const [path, module] of adapter.ia3 ?? []) {
      const known = first.get(path);
      if (known === undefined) first.set(path, { name, module });
      else if (side(known.module) !== side(module))
        throw new TypeError(
          `Cannot merge the adapters: found "${path}" with ${side(known.module)} scaled in "${known.name}" and ${side(module)} in "${name}", need the same`,
        );
    }
  }
}

/** What a user should know of the weights; PEFT says nothing. */
export function noticesOfIa3(inputs: readonly MergeInput[]): string[] {
  if (inputs[0]?.adapter.config.peft_type !== 'IA3') return [];
  const paths = new Set(inputs.flatMap(({ adapter }) => [...(adapter.ia3?.keys() ?? [])]));
  const sums = [...paths].map((path) => ({
    path,
    sum: inputs.reduce((all, { adapter, weight }) => all + (adapter.ia3?.has(path) ? weight : 0), 0),
  }));
  const off = sums.filter(({ sum }) => Math.abs(sum - 1) > 1e-6);
  if (off.length === 0) return [];
  const { path, sum } = off[0]!;
  return [
    `the weights at "${path}"${off.length > 1 ? ` and ${off.length - 1} more` : ''} add up to ${Number(sum.toPrecision(6))}, not 1: what no adapter changes is multiplied by that (as in PEFT)`,
  ];
}

function side({ isFeedforward, values }: Ia3Module): string {
  return `${values.length} ${isFeedforward ? 'inputs' : 'outputs'}`;
}

/** PEFT keeps the first one's config with the union of the targets; where that says something else than what is there, paths. */
function mergedConfig(inputs: readonly MergeInput[], ia3: ReadonlyMap<string, Ia3Module>): Ia3Config {
  const configs = inputs.map(({ adapter }) => adapter.config as Ia3Config);
  const common = { ...configs[0]!, exclude_modules: null };
  const targets = union(configs.map(({ target_modules }) => target_modules));
  const feedforward = union(configs.map(({ feedforward_modules }) => feedforward_modules));
  const isPlain = configs.every(({ exclude_modules }) => exclude_modules === null);
  if (isPlain && targets !== undefined && feedforward !== undefined) {
    const isFeedforward = isFeedforwardOf(feedforward);
    if ([...ia3].every(([path, module]) => isFeedforward(path) === module.isFeedforward))
      return { ...common, target_modules: targets, feedforward_modules: feedforward };
  }
  const paths = [...ia3.keys()];
  return {
    ...common,
    target_modules: paths,
    feedforward_modules: paths.filter((path) => ia3.get(path)!.isFeedforward),
  };
}

/** Of names, or of patterns; undefined for a mixture, and for defaults. */
function union(chosen: readonly (readonly string[] | string | null)[]): readonly string[] | string | undefined {
  if (chosen.every((one) => typeof one === 'string')) return chosen.map((pattern) => `(${pattern})`).join('|');
  if (chosen.every((one) => Array.isArray(one))) return [...new Set(chosen.flat() as string[])];
  return undefined;
}

function bad(found: string, need: string): RangeError {
  return new RangeError(`Cannot merge the adapters: found ${found}, need ${need}`);
}
