// A new adapter: A random, B zero, so the first step leaves the model as it was. Random numbers come from Philox keyed
// by (seed, path), so a module's A does not depend on which other modules there are, nor on their order.
//
//   key      (seed mod 2^32, FNV-1a of the path)
//   counter  (block of four elements, 0, seed / 2^32, 0)

import { type Adapter, type AdapterModule, checkAdapter, type LinearShapes } from './adapter.ts';
import type { LoraConfig } from './lora-config.ts';
import { resolveTargets } from './match-targets.ts';
import { philox4x32, toUnit } from './philox.ts';

/**
 * A ~ U(-1/√in, 1/√in), or N(0, 1/r) for init_lora_weights "gaussian"; B = 0.
 * Throws a RangeError for other initialisations, and when no linear matches the config.
 */
export function initAdapter(
  config: LoraConfig,
  linears: LinearShapes,
  seed: number,
  baseName?: string,
  defaultTargets?: readonly string[],
): Adapter {
  const init = config.init_lora_weights;
  if (init !== true && init !== 'gaussian') {
    throw new RangeError(
      `Cannot start an adapter: found init_lora_weights ${JSON.stringify(init)}, need true or "gaussian"`,
    );
  }
  const modules = new Map<string, AdapterModule>();
  for (const [path, target] of resolveTargets(config, linears.keys(), defaultTargets)) {
    const [outFeatures, inFeatures] = linears.get(path)!;
    const next = randomWords(seed, path);
    const a = new Float32Array(target.r * inFeatures);
    if (init === 'gaussian') fillNormal(a, next, 1 / target.r);
    else fillUniform(a, next, 1 / Math.sqrt(inFeatures));
    modules.set(path, { ...target, a, b: new Float32Array(outFeatures * target.r), inFeatures, outFeatures });
  }
  const adapter = { config, baseName, modules };
  checkAdapter(adapter);
  return adapter;
}

/** FNV-1a (32 bits) of the UTF-8 text. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Four words for each block of four elements. */
function randomWords(seed: number, path: string): (block: number) => readonly number[] {
  const key = [seed >>> 0, fnv1a(path)] as const;
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  return (block) => philox4x32([block, 0, high, 0], key);
}

function fillUniform(out: Float32Array, next: (block: number) => readonly number[], bound: number): void {
  for (let i = 0; i < out.length; i += 4) {
    const words = next(i / 4);
    for (let k = 0; k < 4 && i + k < out.length; k++) out[i + k] = (2 * toUnit(words[k]!) - 1) * bound;
  }
}

/** Box-Muller: two words give two independent normal numbers. */
function fillNormal(out: Float32Array, next: (block: number) => readonly number[], deviation: number): void {
  for (let i = 0; i < out.length; i += 2) {
    const words = next(Math.floor(i / 4));
    const radius = deviation * Math.sqrt(-2 * Math.log(toUnit(words[i % 4]!)));
    const angle = 2 * Math.PI * toUnit(words[(i % 4) + 1]!);
    out[i] = radius * Math.cos(angle);
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle);
  }
}
