// Several LoRAs of one base → one, as PEFT's add_weighted_adapter merges them (huggingface/peft 0.21, tuners/lora/model.py). The
// result has one rank everywhere, alpha equal to it, and so a scaling of 1. Of DoRA only the directions are merged: the lengths
// of the result are the base's own, as when it is new.
//
//   cat            A and B side by side: exactly the weighted sum of the deltas, at the sum of the ranks
//   svd            the best adapter of a given rank for that sum; from the small factors, so exact as well
//   linear, …      on the A's and on the B's apart: cheap, and NOT the weighted sum (products of one's B and another's A appear)
//   …_svd          the same on the deltas themselves, then an SVD: one full matrix at a time

import { type AdapterModule, asLora, beyondFactors, checkAdapter, type LoraAdapter } from '../adapter.ts';
import { matrix } from '../algebra/matrix.ts';
import type { Svd } from '../algebra/svd.ts';
import { firstOf, topSingular } from '../algebra/top-singular.ts';
import { deltaSvd, moduleDelta } from '../delta.ts';
import type { LoraConfig } from '../lora-config.ts';
import { type Combination, combineTensors } from './combine-tensors.ts';
import { isPruning, type MergeInput, type MergeMethod, type MergeOptions } from './merge-options.ts';

/** One linear of one input. */
interface Part {
  readonly name: string;
  readonly weight: number;
  readonly module: AdapterModule;
}

/** Throws a RangeError or TypeError that names the adapter and the module that does not fit. */
export function mergeLora(inputs: readonly MergeInput[], options: MergeOptions): LoraAdapter {
  const { useDora, rank } = checkLora(inputs, options);
  const modules = new Map<string, AdapterModule>();
  for (const path of modulePaths(inputs)) {
    const parts = partsAt(path, inputs);
    const { inFeatures, outFeatures, isEmbedding } = parts[0]!.module;
    const magnitude = useDora && { magnitude: lengthsOf(path, options) };
    const { a, b } = padRank(mergeModule(path, parts, options, rank), rank, inFeatures, outFeatures);
    const kind = isEmbedding && { isEmbedding };
    modules.set(path, { r: rank, alpha: rank, scaling: 1, a, b, inFeatures, outFeatures, ...kind, ...magnitude });
  }
  const merged: LoraAdapter = {
    config: mergedConfig(inputs, rank, [...modules.keys()]),
    baseName: inputs.find(({ adapter }) => adapter.baseName !== undefined)?.adapter.baseName,
    modules,
  };
  checkAdapter(merged);
  return merged;
}

/** All that can be said before a number is touched: throws what mergeLora throws. */
export function checkLora(
  inputs: readonly MergeInput[],
  options: MergeOptions,
): { readonly useDora: boolean; readonly rank: number } {
  const useDora = checkParts(inputs);
  const rank = checkMerge(inputs, options);
  for (const path of modulePaths(inputs)) {
    const parts = partsAt(path, inputs);
    checkSameLinear(path, parts);
    if (options.method !== 'cat' && !isSvd(options.method)) checkSameRank(path, parts, options.method);
    if (useDora) lengthsOf(path, options);
  }
  return { useDora, rank };
}

function partsAt(path: string, inputs: readonly MergeInput[]): Part[] {
  return inputs.flatMap(({ name, weight, adapter }) => {
    const module = adapter.modules.get(path);
    return module === undefined ? [] : [{ name, weight, module }];
  });
}

/** Whether all of them are DoRA. Throws for what a merge would lose: PEFT leaves that out of its result in silence. */
function checkParts(inputs: readonly MergeInput[]): boolean {
  const useDora = inputs.map(({ name, adapter }) => {
    const { config } = asLora(adapter, `merge "${name}" with other adapters`);
    const factors = [...adapter.modules].map(
      ([path, { magnitude: _, isEmbedding: __, ...rest }]): [string, AdapterModule] => [path, rest],
    );
    const beyond = beyondFactors({ ...adapter, modules: new Map(factors) });
    if (beyond !== undefined)
      throw new RangeError(
        `Cannot merge the adapters: found ${beyond} in "${name}", need A and B alone (PEFT leaves the rest out)`,
      );
    return config.use_dora;
  });
  const plain = useDora.indexOf(false);
  const dora = useDora.indexOf(true);
  if (plain >= 0 && dora >= 0)
    throw new RangeError(
      `Cannot merge the adapters: found DoRA in "${inputs[dora]!.name}" and plain LoRA in "${inputs[plain]!.name}", need one of them in all`,
    );
  return dora >= 0;
}

function lengthsOf(path: string, { baseLengths }: MergeOptions): Float32Array {
  const lengths = baseLengths?.get(path);
  if (lengths) return lengths;
  throw new RangeError(
    `Cannot merge the adapters: found DoRA at "${path}", need the base, whose rows give the merged ones their lengths (as in PEFT)`,
  );
}

/** A (r,in) and B (out,r) with scaling 1. */
interface Merged {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly r: number;
}

function mergeModule(path: string, parts: readonly Part[], options: MergeOptions, rank: number): Merged {
  const { method } = options;
  if (method === 'cat') return concatenate(parts);
  const how = combination(options);
  if (!isSvd(method)) {
    const { r } = parts[0]!.module;
    const products = parts.map(({ weight, module }) => weight * module.scaling);
    const roots = products.map((product) => Math.sqrt(Math.abs(product)));
    // The sign goes to one side only.
    const signed = products.map((product, i) => (product < 0 ? -roots[i]! : roots[i]!));
    const [as, bs] = [parts.map(({ module }) => module.a), parts.map(({ module }) => module.b)];
    const a = combineTensors(as, signed, how, `${path}.lora_A`);
    return { a, b: combineTensors(bs, roots, how, `${path}.lora_B`), r };
  }
  const { inFeatures, outFeatures } = parts[0]!.module;
  if (method === 'svd') {
    const { a, b, r } = concatenate(parts);
    return factorsOf(firstOf(deltaSvd({ a, b, r, scaling: 1, inFeatures, outFeatures }), rank));
  }
  const deltas = parts.map(({ module }) => moduleDelta(module));
  const weights = parts.map(({ weight }) => weight);
  const delta = matrix(outFeatures, inFeatures, combineTensors(deltas, weights, how, path));
  return factorsOf(topSingular(delta, rank));
}

/** Ranks side by side; weight and scaling go into A. */
function concatenate(parts: readonly Part[]): Merged {
  const { inFeatures, outFeatures } = parts[0]!.module;
  const r = parts.reduce((sum, { module }) => sum + module.r, 0);
  const a = new Float32Array(r * inFeatures);
  const b = new Float32Array(outFeatures * r);
  let from = 0;
  for (const { weight, module } of parts) {
    for (let i = 0; i < module.a.length; i++) a[from * inFeatures + i] = weight * module.scaling * module.a[i]!;
    for (let o = 0; o < outFeatures; o++) b.set(module.b.subarray(o * module.r, (o + 1) * module.r), o * r + from);
    from += module.r;
  }
  return { a, b, r };
}

/** B = U·diag(s), A = Vᵀ. */
function factorsOf({ u, s, vt }: Svd): Merged {
  const r = s.length;
  return { a: Float32Array.from(vt.data), b: Float32Array.from(u.data, (value, i) => value * s[i % r]!), r };
}

/** Ranks beyond what there is are zeros, as the file has one shape for all linears. */
function padRank({ a, b, r }: Merged, rank: number, inFeatures: number, outFeatures: number) {
  if (r === rank) return { a, b };
  const paddedA = new Float32Array(rank * inFeatures);
  const paddedB = new Float32Array(outFeatures * rank);
  paddedA.set(a);
  for (let o = 0; o < outFeatures; o++) paddedB.set(b.subarray(o * r, (o + 1) * r), o * rank);
  return { a: paddedA, b: paddedB };
}

function combination({ method, density, majority, seed }: MergeOptions): Combination {
  return {
    prune: method.startsWith('dare') ? 'random' : isPruning(method) ? 'magnitude' : 'none',
    electsSign: method.includes('ties'),
    density: density ?? 1,
    majority: majority ?? 'total',
    seed: seed ?? 0,
  };
}

const isSvd = (method: MergeMethod) => method.endsWith('svd');

/** Checks what can be said before any linear is looked at; returns the rank of the result. */
function checkMerge(inputs: readonly MergeInput[], { method, rank, density }: MergeOptions): number {
  const bad = (found: string, need: string) =>
    new RangeError(`Cannot merge the adapters: found ${found}, need ${need}`);
  if (inputs.length === 0) throw bad('none', 'at least one');
  if (isPruning(method) && !(density !== undefined && density >= 0 && density <= 1))
    throw bad(density === undefined ? 'no density' : `density ${density}`, `a share from 0 to 1 for ${method}`);
  if (rank !== undefined && !isSvd(method))
    throw bad(`rank ${rank} for ${method}`, 'a method that ends with svd for it');
  if (rank !== undefined && !(Number.isInteger(rank) && rank >= 1)) throw bad(`rank ${rank}`, 'a whole number from 1');
  const ranks = inputs.map(({ adapter }) => Math.max(...[...adapter.modules.values()].map(({ r }) => r)));
  if (method === 'cat') return ranks.reduce((sum, r) => sum + r, 0);
  if (isSvd(method)) return rank ?? Math.max(...ranks);
  const other = ranks.findIndex((r) => r !== ranks[0]);
  if (other >= 0)
    throw bad(
      `rank ${ranks[0]} in "${inputs[0]!.name}" and ${ranks[other]} in "${inputs[other]!.name}"`,
      `the same rank for ${method}; cat and svd take any`,
    );
  return ranks[0]!;
}

/** In the order of the inputs. */
function modulePaths(inputs: readonly MergeInput[]): Iterable<string> {
  return new Set(inputs.flatMap(({ adapter }) => [...adapter.modules.keys()]));
}

function checkSameLinear(path: string, parts: readonly Part[]): void {
  const size = ({ module }: Part) => `${module.outFeatures}×${module.inFeatures}`;
  const [first] = parts;
  const other = parts.find((part) => size(part) !== size(first!));
  if (other === undefined) return;
  throw new TypeError(
    `Cannot merge the adapters: found "${path}" as ${size(first!)} in "${first!.name}" and ${size(other)} in "${other.name}", need adapters of one base`,
  );
}

/** Patterns may give one linear other ranks than the rest. */
function checkSameRank(path: string, parts: readonly Part[], method: MergeMethod): void {
  const [first] = parts;
  const other = parts.find(({ module }) => module.r !== first!.module.r);
  if (other === undefined) return;
  throw new RangeError(
    `Cannot merge the adapters: found "${path}" of rank ${first!.module.r} in "${first!.name}" and ${other.module.r} in "${other.name}", need the same rank for ${method}; cat and svd take any`,
  );
}

/** PEFT keeps the first one's config with the union of the targets; rsLoRA is dropped, since the scaling is 1 now. */
function mergedConfig(inputs: readonly MergeInput[], rank: number, paths: readonly string[]): LoraConfig {
  const configs = inputs.map(({ adapter }) => asLora(adapter, 'merge the adapters').config);
  const areNames = configs.every(
    ({ target_modules, layers_to_transform, exclude_modules }) =>
      Array.isArray(target_modules) && layers_to_transform === null && exclude_modules === null,
  );
  return {
    ...configs[0]!,
    r: rank,
    lora_alpha: rank,
    use_rslora: false,
    rank_pattern: {},
    alpha_pattern: {},
    init_lora_weights: true,
    exclude_modules: null,
    layers_to_transform: null,
    layers_pattern: null,
    target_modules: areNames
      ? [...new Set(configs.flatMap(({ target_modules }) => target_modules as string[]))]
      : paths,
  };
}
