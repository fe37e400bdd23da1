import { describe, expect, it } from 'vitest';
import fc from '../testing/fast-check.ts';
import { fileFromBlob, fileFromBytes } from './model-file.ts';
import { readSafetensorsHeader, tensorBytes, writeSafetensors } from './safetensors.ts';
import { fixtureFile } from './testing/shared.ts';

const F32 = (values: number[]) => new Uint8Array(new Float32Array(values).buffer);
const twoTensors = writeSafetensors(
  [
    { name: 'a', dtype: 'F32', shape: [2], bytes: F32([1, 2]) },
    { name: 'b', dtype: 'F32', shape: [1, 3], bytes: F32([3, 4, 5]) },
  ],
  { note: 'test' },
);

/** A file with any header text; `pad` keeps the length honest. */
function craft(header: string, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(header);
  const out = new Uint8Array(8 + json.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  return out;
}
const open = (bytes: Uint8Array) => readSafetensorsHeader(fileFromBytes('x.safetensors', bytes));
const entry = (dtype: string, shape: unknown, offsets: unknown) =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

describe('readSafetensorsHeader()', () => {
  it('gives names, shapes, metadata and absolute byte ranges', async () => {
    const { tensors, metadata } = await open(twoTensors);
    expect(Object.fromEntries(metadata)).toEqual({ format: 'pt', note: 'test' });
    expect(tensors.map((t) => [t.name, t.dtype, t.shape])).toEqual([
      ['a', 'F32', [2]],
      ['b', 'F32', [1, 3]],
    ]);
    const b = tensors[1]!;
    expect(b.end).toBe(twoTensors.length);
    expect(new Float32Array(twoTensors.slice(b.begin, b.end).buffer)).toEqual(new Float32Array([3, 4, 5]));
  });

  it('reads a browser File the same way', async () => {
    const file = fileFromBlob(new File([twoTensors.slice()], 'x.safetensors'));
    expect((await readSafetensorsHeader(file)).tensors).toHaveLength(2);
    await expect(file.read(0, twoTensors.length + 1)).rejects.toThrow(RangeError);
  });

  it('says in words that a browser File changed or went away since it was chosen', async () => {
    for (const [name, found] of [
      ['NotFoundError', 'found it gone (moved, renamed or deleted since it was chosen), need the file as it is now'],
      ['NotReadableError', 'found it changed since it was chosen, or no longer allowed to be read, need the file'],
    ]) {
      const file = new File([twoTensors.slice()], 'x.safetensors');
      file.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException('', name)) }) as unknown as Blob;
      await expect(fileFromBlob(file).read(0, 8)).rejects.toThrow(`Cannot read "x.safetensors": ${found}`);
    }
  });

  it('accepts scalars, empty tensors, unaligned data, escapes and no metadata (the control case)', async () => {
    const header = `{"s":${entry('U8', [], [0, 1])},"empty":${entry('F32', [0, 4], [1, 1])},"\\u0074":${entry('F32', [1], [1, 5])}}`;
    const { tensors } = await open(craft(header, 5));
    expect(tensors.map((t) => t.name)).toEqual(['s', 'empty', 't']);
  });

  const one = (shape: unknown, offsets: unknown, dtype = 'F32') => `{"w":${entry(dtype, shape, offsets)}}`;
  it.each([
    ['an empty file', new Uint8Array(0), 'found 0 bytes'],
    ['a header length beyond the limit', new Uint8Array(8).fill(255), 'need at most 100000000'],
    ['a header longer than the file', craft('{}').slice(0, 9), 'need a complete file'],
    ['a header that is not UTF-8', Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe]), 'not UTF-8'],
    ['leading space', craft(' {}'), 'does not start with'],
    ['broken JSON', craft('{"w":'), 'no JSON'],
    [
      'a duplicate tensor',
      craft(`{"w":${entry('U8', [1], [0, 1])},"\\u0077":${entry('U8', [1], [0, 1])}}`, 1),
      '"w" twice',
    ],
    [
      'a duplicate field',
      craft('{"w":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1),
      '"dtype" twice',
    ],
    ['metadata that is no string', craft('{"__metadata__":{"n":1}}'), '"n" that is no string'],
    ['an unknown dtype', craft(one([1], [0, 4], 'F31'), 4), 'dtype "F31"'],
    ['a dtype named like a built-in', craft(one([1], [0, 4], 'constructor'), 4), 'dtype "constructor"'],
    ['a negative size', craft(one([-1], [0, 4]), 4), 'no list of sizes'],
    ['a fractional size', craft(one([1.5], [0, 4]), 4), 'no list of sizes'],
    ['sizes whose product overflows', craft(one([2 ** 40, 2 ** 40], [0, 4]), 4), 'can be counted'],
    ['offsets that run backwards', craft(one([1], [4, 0]), 4), 'found tensor "w" with -4 bytes'],
    ['offsets that do not fit the shape', craft(one([2], [0, 4]), 4), 'need 8'],
    ['a tensor outside the file', craft(one([2], [0, 8]), 4), 'ends 4 bytes behind the file'],
    [
      'a hole',
      craft(`{"a":${entry('U8', [1], [0, 1])},"b":${entry('U8', [1], [2, 3])}}`, 3),
      '1 unused bytes before tensor "b"',
    ],
    [
      'an overlap',
      craft(`{"a":${entry('U8', [2], [0, 2])},"b":${entry('U8', [2], [1, 3])}}`, 3),
      'over bytes of another',
    ],
    ['bytes behind the last tensor', craft(one([1], [0, 4]), 5), '1 unused bytes at the end'],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(open(bytes)).rejects.toThrow(SyntaxError);
    await expect(open(bytes)).rejects.toThrow(message);
    await expect(open(bytes)).rejects.toThrow('Cannot open "x.safetensors": found ');
  });

  it('answers any mutation of a good file with tensors inside it or with a sentence', async () => {
    const mutations = fc.array(fc.tuple(fc.nat(160), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(mutations, fc.nat(twoTensors.length), async (changes, keep) => {
        const bytes = twoTensors.slice(0, keep % 3 === 0 ? keep : undefined);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          for (const t of (await open(bytes)).tensors) {
            expect(t.begin).toBeGreaterThanOrEqual(8);
            expect(t.end).toBeLessThanOrEqual(bytes.length);
            expect(t.end - t.begin).toBe(tensorBytes(t.dtype, t.shape));
          }
        } catch (error) {
          if ((error as Error).name === 'AssertionError') throw error;
          expect((error as Error).message).toMatch(/^Cannot .+: found .+, need /s);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('writeSafetensors()', () => {
  it('pads the header with spaces to a multiple of 8 and keeps large dtypes first', async () => {
    const bytes = writeSafetensors([
      { name: 'z', dtype: 'I8', shape: [3], bytes: new Uint8Array(3) },
      { name: 'b', dtype: 'F16', shape: [1], bytes: new Uint8Array(2) },
      { name: 'c', dtype: 'F32', shape: [], bytes: new Uint8Array(4) },
      { name: 'a', dtype: 'F32', shape: [0], bytes: new Uint8Array(0) },
    ]);
    const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect((8 + headerBytes) % 8).toBe(0);
    expect(new TextDecoder().decode(bytes.slice(8, 8 + headerBytes))).toMatch(
      /^\{"__metadata__":\{"format":"pt"\},.*\} *$/,
    );
    expect((await open(bytes)).tensors.map((t) => t.name)).toEqual(['a', 'c', 'b', 'z']);
  });

  it('writes a file that was made by the reference writer again, byte for byte', async () => {
    const file = fixtureFile('quant-golden.safetensors');
    const { tensors } = await readSafetensorsHeader(file);
    const copies = await Promise.all(
      tensors.map(async ({ name, dtype, shape, begin, end }) => ({
        name,
        dtype,
        shape,
        bytes: await file.read(begin, end - begin),
      })),
    );
    expect(writeSafetensors(copies.reverse())).toEqual(await file.read(0, file.size));
  });

  it('refuses bytes that do not fit the shape and names that come twice', () => {
    const tensor = { name: 'a', dtype: 'F32', shape: [2], bytes: new Uint8Array(7) } as const;
    expect(() => writeSafetensors([tensor])).toThrow('found 7 bytes, need 8 for F32 [2]');
    const good = { ...tensor, bytes: new Uint8Array(8) };
    expect(() => writeSafetensors([good, good])).toThrow('found the name twice');
  });
});
