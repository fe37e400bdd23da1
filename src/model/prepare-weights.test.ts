import { describe, expect, it } from 'vitest';
import { STORAGES } from '../gpu/testing/weights.ts';
import type { Storage } from '../gpu/weight.ts';
import { fileFromBytes } from './model-file.ts';
import { placeWeight, preparePieces, type WeightSpec } from './prepare-weights.ts';
import { readSafetensorsHeader, writeSafetensors } from './safetensors.ts';

async function prepare(spec: WeightSpec, shape: number[], values: Float32Array, storage: Storage) {
  const bytes = new Uint8Array(values.buffer);
  const file = fileFromBytes('x', writeSafetensors([{ name: spec.name, dtype: 'F32', shape, bytes }]));
  const { tensors } = await readSafetensorsHeader(file);
  const buffers = new Map<string, Uint8Array>();
  const place = placeWeight(spec, { linears: storage, embeddings: storage });
  const sizes = new Map([
    [spec.name, place.codeBytes],
    [`${spec.name}.scale`, place.scaleBytes],
  ]);
  for await (const { buffer, offset, bytes } of preparePieces(new Map([[spec.name, tensors[0]!]]), place)) {
    const whole = buffers.get(buffer) ?? new Uint8Array(sizes.get(buffer)!);
    whole.set(bytes, offset);
    buffers.set(buffer, whole);
  }
  return buffers;
}

const transpose = (values: Float32Array, rows: number, columns: number) =>
  Float32Array.from({ length: values.length }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);

describe('preparePieces() of a transposed matrix', () => {
  it.each(STORAGES)('is what the matrix itself gives, as %s', async (storage) => {
    const [O, C] = [7, 70];
    const values = Float32Array.from({ length: O * C }, (_, i) => Math.sin(i) * (1 + (i % 13)));
    const spec = { name: 'w', shape: [O, C], kind: 'linear' } as const;
    const plain = await prepare(spec, [O, C], values, storage);
    const turned = await prepare({ ...spec, transposed: true }, [C, O], transpose(values, O, C), storage);
    expect(turned).toEqual(plain);
    expect(await prepare(spec, [O, C], transpose(values, O, C), storage)).not.toEqual(plain);
  });

  it('is the same when it is read block by block', async () => {
    // Two rows of a million numbers make a piece, eight pieces a block: two blocks, the last one short.
    const [O, C] = [19, 1 << 20];
    const stored = Float32Array.from({ length: O * C }, (_, i) => i);
    const spec = { name: 'w', shape: [O, C], kind: 'linear', transposed: true } as const;
    const rows = new Float32Array((await prepare(spec, [C, O], stored, 'f32')).get('w')!.buffer);
    for (const r of [0, 15, 16, 17, 18])
      for (const c of [0, 1, 77777, C - 1]) expect(rows[r * C + c], `[${r},${c}]`).toBe(Math.fround(c * O + r));
  });
});

describe('preparePieces() of a norm', () => {
  it('adds the offset that the family says', async () => {
    const spec = { name: 'n', shape: [3], kind: 'norm', offset: 1 } as const;
    const out = await prepare(spec, [3], Float32Array.of(-0.5, 0, 2), 'q8');
    expect([...new Float32Array(out.get('n')!.buffer)]).toEqual([0.5, 1, 3]);
  });
});
