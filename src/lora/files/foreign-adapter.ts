// An adapter that another program's file holds → the PEFT folder that says the same. Readers of other formats end here, so
// that one reader decides what an adapter may be, checks it and names what does not fit.

import { fileFromBytes, type ModelFile } from '../../model/model-file.ts';
import { type TensorBytes, writeSafetensors } from '../../model/safetensors.ts';
import type { LinearShapes } from '../adapter.ts';
import { escapePattern } from '../python-regexp.ts';

export interface ForeignModule {
  /** Of Hugging Face: "model.layers.0.self_attn.q_proj". */
  readonly path: string;
  readonly r: number;
  /** Scaling × r. */
  readonly alpha: number;
  /** A (r, in) */
  readonly a: Float32Array;
  /** B (out, r) */
  readonly b: Float32Array;
  /** Of a token embedding: A (r, rows of the table), B (width, r). */
  readonly isEmbedding?: boolean;
  /** DoRA's m (out). */
  readonly magnitude?: Float32Array | undefined;
}

export interface ForeignSettings {
  readonly dropout?: number;
  readonly baseName?: string | undefined;
  readonly fanInFanOut?: boolean | undefined;
}

/** adapter_config.json and adapter_model.safetensors. `linears`: of the base, to name targets shortly where that is exact. */
export function peftFilesOf(
  modules: readonly ForeignModule[],
  linears: LinearShapes,
  settings: ForeignSettings,
): ModelFile[] {
  const { r, alpha } = mostCommon(modules);
  const patterns = (value: (m: ForeignModule) => number, usual: number) =>
    Object.fromEntries(modules.filter((m) => value(m) !== usual).map((m) => [escapePattern(m.path), value(m)]));
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: settings.baseName ?? null,
    r,
    lora_alpha: alpha,
    lora_dropout: settings.dropout ?? 0,
    target_modules: targetNames(modules, linears),
    rank_pattern: patterns((m) => m.r, r),
    alpha_pattern: patterns((m) => m.alpha, alpha),
    use_dora: modules.some((m) => m.magnitude !== undefined),
    fan_in_fan_out: settings.fanInFanOut ?? false,
  };
  const tensors = modules.flatMap(({ path, a, b, r: rank, magnitude, isEmbedding }): TensorBytes[] => {
    const key = `base_model.model.${path}`;
    if (isEmbedding)
      return [
        tensor(`${key}.lora_embedding_A`, [rank, a.length / rank], a),
        tensor(`${key}.lora_embedding_B`, [b.length / rank, rank], b),
      ];
    return [
      tensor(`${key}.lora_A.weight`, [rank, a.length / rank], a),
      tensor(`${key}.lora_B.weight`, [b.length / rank, rank], b),
      ...(magnitude ? [tensor(`${key}.lora_magnitude_vector`, [magnitude.length], magnitude)] : []),
    ];
  });
  return [
    fileFromBytes('adapter_config.json', new TextEncoder().encode(JSON.stringify(config))),
    fileFromBytes('adapter_model.safetensors', writeSafetensors(tensors)),
  ];
}

/** The rank and alpha that most modules have; the first among equals. */
function mostCommon(modules: readonly ForeignModule[]): { r: number; alpha: number } {
  const counts = new Map<string, { r: number; alpha: number; count: number }>();
  for (const { r, alpha } of modules) {
    const entry = counts.get(`${r}/${alpha}`) ?? { r, alpha, count: 0 };
    counts.set(`${r}/${alpha}`, { ...entry, count: entry.count + 1 });
  }
  return [...counts.values()].reduce((best, entry) => (entry.count > best.count ? entry : best));
}

/** "q_proj" when the adapter is on every linear of that name, else whole paths. */
function targetNames(modules: readonly ForeignModule[], linears: LinearShapes): string[] {
  const paths = new Set(modules.map(({ path }) => path));
  const last = (path: string) => path.slice(path.lastIndexOf('.') + 1);
  const names = new Set([...paths].map(last));
  const isExact = [...linears.keys()].every((path) => paths.has(path) === names.has(last(path)));
  return [...(isExact ? names : paths)].sort();
}

function tensor(name: string, shape: readonly number[], values: Float32Array): TensorBytes {
  return { name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}
