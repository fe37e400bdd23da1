import { describe, expect, it } from 'vitest';
import { fileFromBytes, type ModelFile } from './model-file.ts';
import { CHUNK_BYTES, readRows, readTensor, readTransposedRows } from './read-tensor.ts';
import { type Dtype, readSafetensorsHeader, type TensorBytes, writeSafetensors } from './safetensors.ts';

async function tensorOf(tensor: Omit<TensorBytes, 'name'>) {
  const bytes = writeSafetensors([{ name: 'w', ...tensor }]);
  return (await readSafetensorsHeader(fileFromBytes('x', bytes))).tensors[0]!;
}
const bytesOf = (array: Uint16Array | Float32Array) => new Uint8Array(array.buffer);

describe('readRows()', () => {
  it('reads F32, F16 and BF16 rows as f32', async () => {
    const f32 = await tensorOf({ dtype: 'F32', shape: [3, 2], bytes: bytesOf(new Float32Array([1, 2, 3, 4, 5, 6])) });
    expect([...(await readRows(f32, 1, 3))]).toEqual([3, 4, 5, 6]);
    const f16 = await tensorOf({
      dtype: 'F16',
      shape: [2, 2],
      bytes: bytesOf(Uint16Array.of(0x3c00, 0xbc00, 0x0001, 0x7c00)),
    });
    expect([...(await readRows(f16, 0, 2))]).toEqual([1, -1, 2 ** -24, Number.POSITIVE_INFINITY]);
    const bf16 = await tensorOf({ dtype: 'BF16', shape: [2], bytes: bytesOf(Uint16Array.of(0x3f80, 0x4040)) });
    expect([...(await readTensor(bf16))]).toEqual([1, 3]);
    expect(await readRows(bf16, 1, 2)).toEqual(new Float32Array([3]));
  });

  it('reads scalars, empty ranges and tensors at odd addresses', async () => {
    const scalar = await tensorOf({ dtype: 'F32', shape: [], bytes: bytesOf(new Float32Array([7])) });
    expect([...(await readTensor(scalar))]).toEqual([7]);
    expect(await readRows(scalar, 0, 0)).toHaveLength(0);
    const odd = fileFromBytes('odd', Uint8Array.of(9, 0x00, 0x3c, 0x00, 0xc0));
    const shifted: ModelFile = { ...odd, read: async (at, length) => (await odd.read(0, 5)).subarray(at, at + length) };
    const info = { name: 'w', dtype: 'F16' as Dtype, shape: [2], file: shifted, begin: 1, end: 5 };
    expect([...(await readTensor(info))]).toEqual([1, -2]);
  });

  it('asks the file for at most CHUNK_BYTES at a time and joins the chunks', async () => {
    const elements = CHUNK_BYTES / 2 + 3;
    const halves = Uint16Array.from({ length: elements }, (_, i) => (i % 2 ? 0x3c00 : 0x4000));
    const info = await tensorOf({ dtype: 'F16', shape: [elements], bytes: bytesOf(halves) });
    const asked: number[] = [];
    const file: ModelFile = {
      ...info.file,
      read(at, length) {
        asked.push(length);
        return info.file.read(at, length);
      },
    };
    const out = await readTensor({ ...info, file });
    expect(asked).toEqual([CHUNK_BYTES, 6]);
    expect([out[0], out[elements - 2], out[elements - 1]]).toEqual([2, 1, 2]);
  });

  it('refuses other dtypes and rows that are not there, by name', async () => {
    const i32 = await tensorOf({ dtype: 'I32', shape: [1], bytes: new Uint8Array(4) });
    await expect(readTensor(i32)).rejects.toThrow('Cannot read tensor "w": found I32, need F32, F16, BF16');
    const f64 = await tensorOf({ dtype: 'F64', shape: [1], bytes: new Uint8Array(8) });
    await expect(readTensor(f64)).rejects.toThrow(TypeError);
    const f32 = await tensorOf({ dtype: 'F32', shape: [1], bytes: new Uint8Array(4) });
    await expect(readRows(f32, 0, 2)).rejects.toThrow('Cannot read rows 0 to 2 of "w": found 1 rows');
  });
});

describe('readTransposedRows()', () => {
  it('reads columns as rows, whole and in part', async () => {
    const info = await tensorOf({ dtype: 'F32', shape: [2, 3], bytes: bytesOf(new Float32Array([1, 2, 3, 4, 5, 6])) });
    expect([...(await readTransposedRows(info, 0, 3))]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...(await readTransposedRows(info, 1, 2))]).toEqual([2, 5]);
    await expect(readTransposedRows(info, 0, 4)).rejects.toThrow('Cannot read rows 0 to 4 of "w": found 3 rows');
  });

  it('reads a matrix of several chunks', async () => {
    const [rows, columns] = [9, CHUNK_BYTES / 16 + 1];
    const values = Float32Array.from({ length: rows * columns }, (_, i) => i % 65521);
    const info = await tensorOf({ dtype: 'F32', shape: [rows, columns], bytes: bytesOf(values) });
    const out = await readTransposedRows(info, 1000, 1010);
    for (let r = 0; r < 10; r++)
      for (let c = 0; c < rows; c++) expect(out[r * rows + c]).toBe((c * columns + 1000 + r) % 65521);
  });
});
