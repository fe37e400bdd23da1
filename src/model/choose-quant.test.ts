import { describe, expect, it } from 'vitest';
import { chooseQuant, quantOf } from './choose-quant.ts';
import { fileFromBytes } from './model-file.ts';
import type { WeightSpec } from './prepare-weights.ts';
import type { TensorInfo } from './safetensors.ts';

const GIB = 2 ** 30;
const specs: readonly WeightSpec[] = [
  { name: 'embed', shape: [32000, 2048], kind: 'embedding' },
  ...Array.from({ length: 22 }, (_, i) => ({ name: `up.${i}`, shape: [22528, 2048], kind: 'linear' as const })),
  { name: 'norm', shape: [2048], kind: 'norm' },
];
const room = (memoryBytes: number) => ({ memoryBytes });

describe('chooseQuant()', () => {
  it('keeps 8 bits while they leave room, and takes 4 for the linears when they do not', () => {
    // 1.1 billion numbers are 1.15 GB in q8.
    expect(chooseQuant(specs, new Map(), room(8 * GIB))).toEqual({ linears: 'q8', embeddings: 'q8' });
    expect(chooseQuant(specs, new Map(), room(4 * GIB))).toEqual({ linears: 'nf4-dq', embeddings: 'q8' });
    expect(chooseQuant(specs, new Map(), {})).toEqual(quantOf('q8'));
  });

  it('keeps what is stored in 4 bits as it is', () => {
    const nf4 = (isDouble: boolean): TensorInfo => ({
      name: 'up.0',
      dtype: 'NF4',
      shape: [22528, 2048],
      file: fileFromBytes('x', new Uint8Array()),
      begin: 0,
      end: 0,
      nf4: { parts: [], scales: async () => new Float32Array(), double: isDouble ? async () => undefined! : undefined },
    });
    expect(chooseQuant(specs, new Map([['up.0', nf4(false)]]), room(64 * GIB)).linears).toBe('nf4');
    expect(chooseQuant(specs, new Map([['up.0', nf4(true)]]), room(64 * GIB)).linears).toBe('nf4-dq');
  });
});
