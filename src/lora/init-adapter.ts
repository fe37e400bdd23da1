// A new adapter: B·A is zero, so the model starts out unchanged. Random numbers come from Philox keyed by (seed, name), so a
// module's A does not depend on which other modules there are, nor on their order. What depends on the base's weights
// (magnitudes, saved parameters, principal components) is added by start-adapter.ts.
//
//   key      (seed mod 2^32, FNV-1a of the name: the path for A, "<path>.lora_B" for B)
//   counter  (block of four elements, 0, seed / 2^32, 0)

import { type Adapter, type AdapterModule, checkAdapter } from './adapter.ts';
import { matrix, multiply, transpose } from './algebra/matrix.ts';
import { qr } from './algebra/qr.ts';
import type { LoraConfig } from './lora-config.ts';
import { philox4x32, toUnit } from './philox.ts';
import { type PlacedModule, placeAdapter, type Sites } from './place-adapter.ts';

/**
 * By init_lora_weights: true: A ~ U(-1/√in, 1/√in), B = 0. "gaussian": A ~ N(0, 1/r), B = 0. "orthogonal": A and B of orthogonal
 * spans, B·A = 0. false: B random too. Of an embedding: A = 0, B ~ N(0, 1).
 * Throws a RangeError for other initialisations, for what needs the base's numbers, and when no module matches the config.
 */
export function initAdapter(config: LoraConfig, sites: Sites, seed: number, baseName?: string): Adapter {
  const placed = placeAdapter(config, sites);
  const needs = placed.saved ? 'parameters in full' : placed.tokens ? 'rows of tokens' : config.use_dora ? 'DoRA' : '';
  if (needs !== '')
    throw new RangeError(
      `Cannot start an adapter: found ${needs} without the base's weights, need them (startAdapter)`,
    );
  const adapter = { config, baseName, modules: initFactors(config, placed.modules, seed) };
  checkAdapter(adapter);
  return adapter;
}

/** A, B and the biases of B for every module. */
export function initFactors(
  { init_lora_weights: init }: LoraConfig,
  placed: ReadonlyMap<string, PlacedModule>,
  seed: number,
): Map<string, AdapterModule> {
  if (typeof init === 'string' && init !== 'gaussian' && init !== 'orthogonal')
    throw new RangeError(
      `Cannot start an adapter: found init_lora_weights ${JSON.stringify(init)}, need true, false, "gaussian" or "orthogonal"`,
    );
  const modules = new Map<string, AdapterModule>();
  for (const [path, { magnitude: _, start: __, loraBias, ...target }] of placed) {
    const { r, inFeatures, outFeatures, isEmbedding } = target;
    const [forA, forB] = [randomWords(seed, path), randomWords(seed, `${path}.lora_B`)];
    const a = new Float32Array(r * inFeatures);
    const b = new Float32Array(outFeatures * r);
    if (isEmbedding) {
      fillNormal(b, forB, 1);
      if (init === false) fillNormal(a, forA, 1);
    } else if (init === 'orthogonal') fillOrthogonal(a, b, target, [forA, forB, randomWords(seed, `${path}.basis`)]);
    else {
      if (init === 'gaussian') fillNormal(a, forA, 1 / r);
      else fillUniform(a, forA, 1 / Math.sqrt(inFeatures));
      if (init === false) fillUniform(b, forB, 1 / Math.sqrt(r));
    }
    modules.set(path, { ...target, a, b, ...(loraBias && { loraBias: new Float32Array(outFeatures) }) });
  }
  return modules;
}

/** With Q of a random r × r: A = (N(in, r/2)·Q[even])ᵀ / 10, B = (N(r/2, out)ᵀ·Q[odd]) / 10, so B·A = 0. r is even. */
function fillOrthogonal(
  a: Float32Array,
  b: Float32Array,
  { r, inFeatures, outFeatures }: { readonly r: number; readonly inFeatures: number; readonly outFeatures: number },
  [forA, forB, forBasis]: readonly [Words, Words, Words],
): void {
  if (r % 2 !== 0)
    throw new RangeError(`Cannot start an adapter: found rank ${r} with "orthogonal", need an even rank`);
  const normal = (rows: number, columns: number, next: Words) => {
    const values = new Float32Array(rows * columns);
    fillNormal(values, next, 1);
    return matrix(rows, columns, values);
  };
  const { data: q } = qr(normal(r, r, forBasis)).q;
  const half = (from: number) =>
    matrix(
      r / 2,
      r,
      Float64Array.from({ length: (r * r) / 2 }, (_, i) => q[(2 * Math.floor(i / r) + from) * r + (i % r)]! / 10),
    );
  a.set(transpose(multiply(normal(inFeatures, r / 2, forA), half(0))).data);
  b.set(multiply(normal(outFeatures, r / 2, forB), half(1)).data);
}

type Words = (block: number) => readonly number[];

/** FNV-1a (32 bits) of the UTF-8 text. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Four words for each block of four elements. */
function randomWords(seed: number, name: string): Words {
  const key = [seed >>> 0, fnv1a(name)] as const;
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  return (block) => philox4x32([block, 0, high, 0], key);
}

function fillUniform(out: Float32Array, next: Words, bound: number): void {
  for (let i = 0; i < out.length; i += 4) {
    const words = next(i / 4);
    for (let k = 0; k < 4 && i + k < out.length; k++) out[i + k] = (2 * toUnit(words[k]!) - 1) * bound;
  }
}

/** The k-th of a stream of independent normal numbers. */
export function normalNumbers(seed: number, name: string): (k: number) => number {
  const next = randomWords(seed, name);
  return (k) => {
    const words = next(Math.floor(k / 4));
    const [first, second] = k % 4 < 2 ? [words[0]!, words[1]!] : [words[2]!, words[3]!];
    const angle = 2 * Math.PI * toUnit(second);
    return Math.sqrt(-2 * Math.log(toUnit(first))) * (k % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  };
}

/** The k-th of a stream of independent numbers from 0 to 1. */
export function uniformNumbers(seed: number, name: string): (k: number) => number {
  const next = randomWords(seed, name);
  return (k) => toUnit(next(Math.floor(k / 4))[k % 4]!);
}

/** Box-Muller: two words give two independent normal numbers. */
function fillNormal(out: Float32Array, next: Words, deviation: number): void {
  for (let i = 0; i < out.length; i += 2) {
    const words = next(Math.floor(i / 4));
    const radius = deviation * Math.sqrt(-2 * Math.log(toUnit(words[i % 4]!)));
    const angle = 2 * Math.PI * toUnit(words[(i % 4) + 1]!);
    out[i] = radius * Math.cos(angle);
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle);
  }
}
