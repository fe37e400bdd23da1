import { describe, expect, it } from 'vitest';
import fc from '../../testing/fast-check.ts';
import { fileFromBytes, type ModelFile } from '../model-file.ts';
import { readTensor } from '../read-tensor.ts';
import { readGgufHeader } from './read-header.ts';
import { type GgufTensor, type TypedValue, writeGguf } from './write-gguf.ts';

const F32 = (values: number[]) => new Uint8Array(new Float32Array(values).buffer);
const METADATA: Record<string, TypedValue> = {
  'general.architecture': { type: 'text', value: 'llama' },
  'a.u32': { type: 'u32', value: 4_000_000_000 },
  'a.i32': { type: 'i32', value: -7 },
  'a.u64': { type: 'u64', value: 2 ** 40 },
  'a.f32': { type: 'f32', value: 0.5 },
  'a.bool': { type: 'bool', value: true },
  'a.texts': { type: 'texts', value: ['', 'ä', '▁the'] },
  'a.i32s': { type: 'i32s', value: [1, -2, 3] },
  'a.f32s': { type: 'f32s', value: [0.25, -1] },
};
const TENSORS: GgufTensor[] = [
  { name: 'w', dtype: 'F32', shape: [2, 3], bytes: F32([1, 2, 3, 4, 5, 6]) },
  { name: 'q', dtype: 'Q8_0', shape: [2, 32], bytes: new Uint8Array(68) },
];
const good = writeGguf(METADATA, TENSORS);
const open = (bytes: Uint8Array) => readGgufHeader(fileFromBytes('x.gguf', bytes));

/** A header written by hand: u32s as numbers, u64s as bigints, texts with their lengths. */
function craft(...parts: (number | bigint | string | Uint8Array)[]): Uint8Array {
  const bytes = parts.flatMap((part) => {
    if (part instanceof Uint8Array) return [...part];
    if (typeof part === 'number') return [...new Uint8Array(Uint32Array.of(part).buffer)];
    if (typeof part === 'bigint') return [...new Uint8Array(BigUint64Array.of(part).buffer)];
    const text = new TextEncoder().encode(part);
    return [...new Uint8Array(BigUint64Array.of(BigInt(text.length)).buffer), ...text];
  });
  return Uint8Array.from(bytes);
}
const MAGIC = new TextEncoder().encode('GGUF');
const head = (tensors: bigint, values: bigint, ...rest: (number | bigint | string | Uint8Array)[]) =>
  craft(MAGIC, 3, tensors, values, ...rest);
const room = new Uint8Array(256);
/** One F32 tensor of 4 elements at the data's start, unless told otherwise. */
const oneTensor = ({ sizes = [4n], type = 0, offset = 0n, dimensions = 0 } = {}) =>
  head(1n, 0n, 'w', dimensions || sizes.length, ...sizes, type, offset, room);

describe('readGgufHeader()', () => {
  it('gives values by name, and tensors with sizes slowest first and absolute byte ranges (the control case)', async () => {
    const { metadata, tensors } = await open(good);
    expect(Object.fromEntries(metadata)).toEqual({
      'general.architecture': 'llama',
      'a.u32': 4_000_000_000,
      'a.i32': -7,
      'a.u64': 2 ** 40,
      'a.f32': 0.5,
      'a.bool': true,
      'a.texts': ['', 'ä', '▁the'],
      'a.i32s': Int32Array.of(1, -2, 3),
      'a.f32s': Float32Array.of(0.25, -1),
    });
    expect(tensors.map((t) => [t.name, t.dtype, t.shape])).toEqual([
      ['w', 'F32', [2, 3]],
      ['q', 'Q8_0', [2, 32]],
    ]);
    expect(await readTensor(tensors[0]!)).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(tensors.every((t) => t.begin % 32 === 0)).toBe(true);
  });

  it('reads version 2 the same way, and free space between tensors', async () => {
    const old = good.slice();
    old[4] = 2;
    expect((await open(old)).tensors).toHaveLength(2);
    expect((await open(oneTensor({ offset: 64n }))).tensors[0]!.begin % 64).toBe(0);
  });

  it('obeys general.alignment', async () => {
    const bytes = head(1n, 1n, 'general.alignment', 4, 64, 'w', 1, 4n, 0, 64n, room);
    expect((await open(bytes)).tensors[0]!.begin).toBe(192);
  });

  const array = (type: number, length: bigint) => head(0n, 1n, 'k', 9, type, length, room);
  it.each([
    ['an empty file', new Uint8Array(0), 'found 0 bytes, need a GGUF file'],
    [
      'another format',
      new TextEncoder().encode('PK\u0003\u0004 and so on, at some length'),
      'at its start, need "GGUF"',
    ],
    ['version 1', craft(MAGIC, 1, 0n, 0n), 'GGUF version 1, need version 2 or 3'],
    ['a big-endian file', craft(MAGIC, 3 << 24, 0n, 0n), 'a big-endian file'],
    ['a count of tensors beyond the limit', head(2n ** 63n, 0n), 'need at most 65536'],
    ['a count of values beyond the limit', head(0n, 2n ** 32n), 'found 4294967296 values'],
    ['values that the file does not have', head(0n, 3n), "goes on behind the file's 24 bytes"],
    ['a name of 4 GB', head(0n, 1n, 2n ** 32n, room), 'a name of 4294967296 bytes, need at most 1024'],
    ['a name that is not UTF-8', head(0n, 1n, 2n, Uint8Array.of(0xff, 0xfe), room), 'a name that is not UTF-8'],
    ['a text of 2^60 bytes', head(0n, 1n, 'k', 8, 2n ** 60n, room), 'found a text "k" of 1152921504606847000 bytes'],
    ['a text beyond the file', head(0n, 1n, 'k', 8, 1000n, room), "goes on behind the file's"],
    ['a value of an unknown type', head(0n, 1n, 'k', 13, room), '"k" of the unknown type 13'],
    ['an array of arrays', array(9, 1n), 'an array "k" of type 9'],
    ['an array of 2^40 texts', array(8, 2n ** 40n), 'need at most 8388608 in all arrays'],
    ['an array longer than the file', array(6, 65n), 'found 65 elements in "k", more than the file has'],
    ['a name twice', head(0n, 2n, 'k', 4, 1, 'k', 4, 1, room), '"k" twice'],
    ['an alignment of 0', head(0n, 1n, 'general.alignment', 4, 0, room), 'general.alignment 0, need a power of two'],
    ['an alignment of 48', head(0n, 1n, 'general.alignment', 4, 48, room), 'general.alignment 48'],
    ['a tensor twice', head(2n, 0n, 'w', 1, 4n, 0, 0n, 'w', 1, 4n, 0, 32n, room), 'tensor "w" twice'],
    ['too many dimensions', oneTensor({ dimensions: 5 }), '5 dimensions, need at most 4'],
    ['a type of nobody', oneTensor({ type: 99 }), 'the unknown type 99'],
    ['a type that was given up', oneTensor({ type: 4 }), 'the unknown type 4'],
    [
      'sizes whose product overflows',
      oneTensor({ sizes: [2n ** 40n, 2n ** 40n] }),
      'with sizes [1099511627776, 1099511627776]',
    ],
    ['a size beyond 2^53', oneTensor({ sizes: [2n ** 60n] }), 'with sizes [1152921504606847000], need sizes from 1'],
    ['a size of 0', oneTensor({ sizes: [0n] }), 'with sizes [0], need sizes from 1'],
    ['half a block', oneTensor({ sizes: [16n], type: 8 }), 'rows of 16 in Q8_0, need whole blocks of 32'],
    ['an offset that is not aligned', oneTensor({ offset: 4n }), 'offset 4, need a multiple of 32'],
    ['an offset outside the file', oneTensor({ offset: 4096n }), 'bytes behind the file'],
    ['an offset of 2^63', oneTensor({ offset: 2n ** 63n }), 'offset 9223372036854776000'],
    [
      'tensors over each other',
      head(2n, 0n, 'v', 1, 16n, 0, 0n, 'w', 1, 4n, 0, 32n, room),
      'tensor "w" over bytes of "v"',
    ],
    ['a file cut short', good.slice(0, -60), 'tensor "q" that ends'],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(open(bytes)).rejects.toThrow(SyntaxError);
    await expect(open(bytes)).rejects.toThrow(message);
  });

  it('answers any change of bytes with a header or with one sentence, and never asks for more than the file has', async () => {
    const mutation = fc.record({
      at: fc.nat(good.length - 1),
      bytes: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 9 }),
        fc.constantFrom(...[0xff, 0x7f, 0x80, 0].map((byte) => new Uint8Array(8).fill(byte))),
      ),
      cut: fc.option(fc.nat(good.length), { freq: 5 }),
    });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
        let bytes = good.slice();
        for (const m of mutations)
          bytes.set(m.bytes.subarray(0, Math.max(0, bytes.length - m.at)), Math.min(m.at, bytes.length));
        const cut = mutations[0]!.cut;
        if (cut !== null) bytes = bytes.slice(0, cut);
        let asked = 0;
        const whole = fileFromBytes('x.gguf', bytes);
        const file: ModelFile = {
          ...whole,
          read(at, length) {
            asked += length;
            return whole.read(at, length);
          },
        };
        try {
          const { tensors } = await readGgufHeader(file);
          for (const t of tensors) expect(t.end).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          refused++;
          expect((error as Error).message).toMatch(/^Cannot open "x\.gguf": found [\s\S]*, need [\s\S]*$/);
        }
        expect(asked).toBeLessThanOrEqual(2 * bytes.length + 24);
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(500);
  });
});

describe('writeGguf()', () => {
  it('refuses bytes that do not fit the shape', () => {
    const bytes = new Uint8Array(8);
    expect(() => writeGguf({}, [{ name: 'w', dtype: 'F32', shape: [3], bytes }])).toThrow(
      'Cannot write tensor "w": found 8 bytes, need 12 for F32 [3]',
    );
  });
});
