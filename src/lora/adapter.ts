// An adapter in memory: PEFT's config and, for each linear it sits on, the factors A (R,C) and B (O,R) in f32.
// y += scaling · B·(A·x)

import type { LoraConfig } from './lora-config.ts';
import type { Target } from './match-targets.ts';

export interface AdapterModule extends Target {
  /** (r, inFeatures) row-major */
  readonly a: Float32Array;
  /** (outFeatures, r) row-major */
  readonly b: Float32Array;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

export interface Adapter {
  readonly config: LoraConfig;
  /** The base's name on the Hub, or whatever the user called its folder. */
  readonly baseName: string | undefined;
  /** By module path ("model.layers.0.self_attn.q_proj"). */
  readonly modules: ReadonlyMap<string, AdapterModule>;
}

/** [out, in] features of every linear of a model, by module path. */
export type LinearShapes = ReadonlyMap<string, readonly [number, number]>;

/** Throws when a factor has the wrong size (TypeError) or holds NaN or infinity (RangeError), by path. */
export function checkAdapter(adapter: Adapter): void {
  for (const [path, { r, a, b, inFeatures, outFeatures }] of adapter.modules) {
    checkFactor(`${path}.lora_A`, a, r, inFeatures);
    checkFactor(`${path}.lora_B`, b, outFeatures, r);
  }
}

function checkFactor(name: string, values: Float32Array, rows: number, columns: number): void {
  if (values.length !== rows * columns) {
    throw new TypeError(`Cannot use "${name}": found ${values.length} numbers, need ${rows} × ${columns}`);
  }
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const place = `[${Math.floor(at / columns)}, ${at % columns}]`;
  throw new RangeError(`Cannot use "${name}": found ${values[at]} at ${place}, need finite numbers`);
}
