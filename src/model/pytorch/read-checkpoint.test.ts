// Against torch's own files (tools/fixtures/make-pytorch.py), and changed ones.

import { readFileSync } from 'node:fs';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { fileFromBytes } from '../model-file.ts';
import { readTensor } from '../read-tensor.ts';
import { fixtureFile, fixturePath } from '../testing/shared.ts';
import { readPytorchCheckpoint } from './read-checkpoint.ts';

type Expected = Readonly<Record<string, { readonly shape: number[]; readonly values: number[] }>>;
const expected = JSON.parse(readFileSync(fixturePath('pytorch/tensors.json'), 'utf8')) as Expected;
const open = (name: string) => readPytorchCheckpoint(fixtureFile(`pytorch/${name}`));

describe('readPytorchCheckpoint()', () => {
  it.each(['tensors.bin', 'dictionary.bin'])('finds names, shapes, types and numbers of %s', async (name) => {
    const { tensors } = await open(name);
    expect(tensors.map((t) => [t.name, t.shape])).toEqual(Object.entries(expected).map(([n, t]) => [n, t.shape]));
    const dtypes = Object.fromEntries(tensors.map((t) => [t.name, t.dtype]));
    expect(dtypes).toMatchObject({ half: 'F16', brain: 'BF16', double: 'F64', ids: 'I64', mask: 'BOOL', part: 'F32' });
    for (const info of tensors) {
      if (!['F32', 'F16', 'BF16'].includes(info.dtype)) continue;
      expect([...(await readTensor(info))], info.name).toEqual(expected[info.name]!.values);
    }
  });

  it('finds tied weights at one place', async () => {
    const [embedding, head] = (await open('tensors.bin')).tensors;
    expect([head!.begin, head!.end]).toEqual([embedding!.begin, embedding!.end]);
  });

  it('reads the list and the pickle, and none of the numbers', async () => {
    const file = fixtureFile('pytorch/tensors.bin');
    const { tensors } = await readPytorchCheckpoint(file);
    const asked: [number, number][] = [];
    await readPytorchCheckpoint({
      ...file,
      // The tail of a small file is all of it; here only what is asked for by its place counts.
      read: (offset, length) => {
        if (length < file.size) asked.push([offset, offset + length]);
        return file.read(offset, length);
      },
    });
    expect(asked.length).toBeGreaterThan(0);
    for (const { name, begin, end } of tensors)
      expect(
        asked.filter(([from, to]) => from < end && to > begin),
        name,
      ).toEqual([]);
  });

  it.each([
    ['turned.bin', 'found "turned" as a tensor [2, 3] with strides [1, 2], need whole tensors of numbers'],
    ['nested.bin', 'found "nested" as something else than a tensor'],
    ['list.bin', 'found something else than a dictionary'],
    ['empty.bin', 'found no tensor'],
    ['legacy.bin', 'found no zip, need what torch 1.6 or newer saves'],
    ['code.bin', /found a call of \w+\.print in its pickle, need a dictionary of tensors/],
  ])('refuses %s with its reason', async (name, reason) => {
    await expect(open(name)).rejects.toThrow(reason);
    await expect(open(name)).rejects.toThrow(/^Cannot open "\w+\.bin": /);
  });

  it('reads a zip of another writer by its heads, and refuses what is compressed or missing', async () => {
    const bytes = new Uint8Array(readFileSync(fixturePath('pytorch/tensors.bin')));
    const { tensors } = await open('tensors.bin');
    const all = entriesOf(bytes);
    const again = await readPytorchCheckpoint(fileFromBytes('a.bin', zipSync(all, { level: 0 })));
    for (const [i, info] of again.tensors.entries())
      expect(await info.file.read(info.begin, info.end - info.begin)).toEqual(
        await tensors[i]!.file.read(tensors[i]!.begin, tensors[i]!.end - tensors[i]!.begin),
      );
    await expect(readPytorchCheckpoint(fileFromBytes('a.bin', zipSync(all, { level: 9 })))).rejects.toThrow(
      'compressed',
    );
    const { 'a/data/0': _, ...fewer } = all;
    await expect(readPytorchCheckpoint(fileFromBytes('a.bin', zipSync(fewer, { level: 0 })))).rejects.toThrow(
      'whose numbers, data/0, are missing',
    );
    const short = { ...all, 'a/data/0': strToU8('short') };
    await expect(readPytorchCheckpoint(fileFromBytes('a.bin', zipSync(short, { level: 0 })))).rejects.toThrow(
      'over more than the 5 bytes of its storage',
    );
  });
});

/** torch's entries under the folder "a". */
function entriesOf(bytes: Uint8Array): Record<string, Uint8Array> {
  const entries = Object.entries(unzipSync(bytes));
  return Object.fromEntries(entries.map(([name, data]) => [`a/${name.slice(name.indexOf('/') + 1)}`, data]));
}
