// An adapter as mlx-lm takes it (--adapter-path): adapters.safetensors and adapter_config.json.
//
//   model.layers.0.self_attn.q_proj.lora_a   (in, r)    Aᵀ
//   model.layers.0.self_attn.q_proj.lora_b   (r, out)   Bᵀ
//   model.layers.0.self_attn.q_proj.m        (out)      DoRA's magnitudes
//
// mlx-lm has one rank and one scale (alpha / r) for all: smaller ranks are filled up with zeros, and what a module scales
// otherwise goes into its B.

import type { ModelConfig } from '../../model/config.ts';
import { type TensorBytes, writeSafetensors } from '../../model/safetensors.ts';
import { type Adapter, asLora, checkAdapter } from '../adapter.ts';
import { mlxSpelling } from './mlx-paths.ts';
import type { FileBytes } from './peft.ts';
import { refuseBeyondFactors } from './refuse-beyond-factors.ts';

/** Throws a RangeError that names a family that mlx-lm has not, or a module outside the blocks. */
export function writeMlxFolder(adapter: Adapter, base: Pick<ModelConfig, 'family' | 'layers'>): FileBytes[] {
  checkAdapter(adapter);
  refuseBeyondFactors(adapter, 'for MLX', 'mlx-lm', ['DoRA']);
  const { lora_dropout } = asLora(adapter, 'write the adapter for MLX').config;
  const { toMlx } = mlxSpelling(base.family);
  const modules = [...adapter.modules].map(([path, module]) => [toMlx(path), module] as const);
  const rank = Math.max(...modules.map(([, { r }]) => r));
  const scale = modules.find(([, { scaling }]) => scaling !== 0)?.[1].scaling ?? 1;
  const tensors = modules.flatMap(([path, { r, a, b, inFeatures, outFeatures, scaling, magnitude }]): TensorBytes[] => {
    const loraA = new Float32Array(inFeatures * rank);
    const loraB = new Float32Array(rank * outFeatures);
    for (let i = 0; i < r; i++) {
      for (let c = 0; c < inFeatures; c++) loraA[c * rank + i] = a[i * inFeatures + c]!;
      for (let o = 0; o < outFeatures; o++) loraB[i * outFeatures + o] = b[o * r + i]! * (scaling / scale);
    }
    return [
      tensor(`${path}.lora_a`, [inFeatures, rank], loraA),
      tensor(`${path}.lora_b`, [rank, outFeatures], loraB),
      ...(magnitude ? [tensor(`${path}.m`, [outFeatures], magnitude)] : []),
    ];
  });
  const config = {
    fine_tune_type: modules.some(([, { magnitude }]) => magnitude) ? 'dora' : 'lora',
    num_layers: base.layers,
    lora_parameters: {
      rank,
      scale,
      dropout: lora_dropout,
      keys: [...new Set(modules.map(([path]) => keyInBlock(path)))].sort(),
    },
  };
  return [
    { name: 'adapters.safetensors', bytes: writeSafetensors(tensors) },
    { name: 'adapter_config.json', bytes: new TextEncoder().encode(`${JSON.stringify(config, undefined, 2)}\n`) },
  ];
}

/** "self_attn.q_proj" of "model.layers.0.self_attn.q_proj". */
function keyInBlock(path: string): string {
  const key = /\.(?:layers|h)\.\d+\.(.+)$/.exec(path)?.[1];
  if (key !== undefined) return key;
  throw new RangeError(`Cannot write the adapter for MLX: found it on "${path}", need linears of the blocks`);
}

function tensor(name: string, shape: readonly number[], values: Float32Array): TensorBytes {
  return { name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}
