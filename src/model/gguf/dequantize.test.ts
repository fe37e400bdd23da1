import { describe, expect, it } from 'vitest';
import { readRows, readTensor } from '../read-tensor.ts';
import { readSafetensorsHeader } from '../safetensors.ts';
import { fixtureFile } from '../testing/shared.ts';
import { BLOCK_TYPES, type BlockName, blockBytes, blockName } from './block-types.ts';
import { DEQUANTIZERS } from './dequantize.ts';

// Made by tools/make-gguf-blocks.py with the gguf package's own dequantisation.
const fixture = await readSafetensorsHeader(fixtureFile('gguf-blocks.safetensors'));
const tensor = (name: string) => fixture.tensors.find((t) => t.name === name)!;

describe.each([...DEQUANTIZERS.keys()] as BlockName[])('%s', (name) => {
  it('gives the reference values to the bit', async () => {
    const blocks = tensor(`${name}.blocks`);
    const values = await readTensor(tensor(`${name}.values`));
    const bytes = await blocks.file.read(blocks.begin, blocks.end - blocks.begin);
    expect(bytes.length % BLOCK_TYPES[name].bytes).toBe(0);
    const out = new Float32Array(values.length);
    DEQUANTIZERS.get(name)!(bytes, out);
    expect(worst(out, values)).toBeUndefined();
  });

  it('is read by rows of a tensor, and sees a wrong byte (control)', async () => {
    const { file, begin, end, shape } = tensor(`${name}.blocks`);
    const info = { name, dtype: name, shape: [shape[0]!, BLOCK_TYPES[name].elements], file, begin, end };
    const values = await readTensor(tensor(`${name}.values`));
    const rows = await readRows(info, 2, 5);
    const expected = values.subarray(2 * info.shape[1]!, 5 * info.shape[1]!);
    expect(worst(rows, expected)).toBeUndefined();
    const moved = await readRows({ ...info, begin: begin + 1, end: end + 1 }, 2, 5);
    expect(worst(moved, expected)).toBeDefined();
  });
});

describe('block types', () => {
  it('are found by their numbers, and unknown numbers are not', () => {
    expect(blockName(12)).toBe('Q4_K');
    expect([4, 5, 31, 99, -1].map(blockName)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it('count bytes, and refuse what has no whole blocks or overflows', () => {
    expect(blockBytes('Q4_1', [49152, 576])).toBe((49152 * 576 * 20) / 32);
    expect(blockBytes('Q4_1', [2, 48])).toBeUndefined();
    expect(blockBytes('F32', [2 ** 40, 2 ** 40])).toBeUndefined();
  });
});

/** The first element that is not the same bits. */
function worst(actual: Float32Array, expected: Float32Array): string | undefined {
  const [a, e] = [new Uint32Array(actual.buffer, actual.byteOffset, actual.length), asBits(expected)];
  const at = e.findIndex((bits, i) => a[i] !== bits);
  return at < 0 && a.length === e.length ? undefined : `[${at}]: ${actual[at]} for ${expected[at]}`;
}
function asBits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.slice().buffer);
}
