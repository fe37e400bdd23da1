import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import fc from '../../testing/fast-check.ts';
import { initAdapter } from '../init-adapter.ts';
import { DEFAULT_LORA } from '../lora-config.ts';
import { TINY_SITES } from '../testing/tiny-linears.ts';
import { readPeftFolder, writePeftFolder } from './peft.ts';
import { unzipAdapter, zipAdapter } from './zip-adapter.ts';

const adapter = initAdapter({ ...DEFAULT_LORA, target_modules: ['q_proj'] }, TINY_SITES, 1);
const files = writePeftFolder(adapter, { name: 'test' });
const config = { 'adapter_config.json': new Uint8Array([123, 125]) };

describe('zipAdapter() and unzipAdapter()', () => {
  it('bring an adapter through a zip, in a folder or without', async () => {
    for (const folder of [undefined, 'my adapter']) {
      const back = unzipAdapter(zipAdapter(files, folder));
      expect(back.map((f) => f.name).sort()).toEqual(['README.md', 'adapter_config.json', 'adapter_model.safetensors']);
      expect((await readPeftFolder(back, TINY_SITES)).adapter.modules).toEqual(adapter.modules);
    }
  });

  it('give the same bytes each time', () => {
    expect(zipAdapter(files)).toEqual(zipAdapter(files));
  });

  it('unpack nothing but the adapter nearest to the top', () => {
    const zip = zipSync({
      'a/checkpoint-1': config,
      a: { ...config, 'optimizer.pt': new Uint8Array(9), 'README.md': new Uint8Array(1) },
    });
    expect(
      unzipAdapter(zip)
        .map((f) => f.name)
        .sort(),
    ).toEqual(['README.md', 'adapter_config.json']);
  });

  it('unpack an adapter of mlx-lm or llama.cpp too', () => {
    const bytes = new Uint8Array(1);
    const names = (zip: Uint8Array) => unzipAdapter(zip).map((f) => f.name);
    expect(names(zipSync({ mlx: { ...config, 'adapters.safetensors': bytes } }))).toEqual([
      'adapter_config.json',
      'adapters.safetensors',
    ]);
    expect(names(zipSync({ llama: { 'my.gguf': bytes, Modelfile: bytes } }))).toEqual(['my.gguf']);
    expect(() => unzipAdapter(zipSync({ 'a.gguf': bytes, 'b.gguf': bytes }))).toThrow('found no "adapter_config.json"');
  });
});

describe('unzipAdapter()', () => {
  /** Changes the sizes that the directory at the end claims for its first entry. */
  function claim(zip: Uint8Array, packed: number, unpacked: number): Uint8Array {
    const copy = zip.slice();
    const view = new DataView(copy.buffer);
    for (let at = 0; at < copy.length - 4; at++) {
      if (view.getUint32(at, true) !== 0x02014b50) continue;
      view.setUint32(at + 20, packed, true);
      view.setUint32(at + 24, unpacked, true);
      return copy;
    }
    throw new Error('no directory');
  }

  it.each<[string, Uint8Array, string]>([
    ['what is no zip', new Uint8Array(100), 'need a zip file'],
    ['an empty file', new Uint8Array(0), 'need a zip file'],
    ['a zip without an adapter', zipSync({ 'a.txt': new Uint8Array(1) }), 'found no "adapter_config.json"'],
    [
      'two adapters',
      zipSync({ a: config, b: config }),
      'found "a/adapter_config.json" and "b/adapter_config.json", need one adapter',
    ],
    ['a path out of the folder', zipSync({ ...config, '../evil': new Uint8Array(1) }), 'found the path "../evil"'],
    ['an absolute path', zipSync({ ...config, '/etc/passwd': new Uint8Array(1) }), 'found the path "/etc/passwd"'],
    ['a Windows path', zipSync({ ...config, 'a\\..\\b': new Uint8Array(1) }), 'need paths inside the folder'],
    ['a bomb', zipSync({ 'adapter_config.json': new Uint8Array(20_000_000) }), 'packed more than 1000 to 1'],
    [
      'more bytes than fit',
      claim(zipSync(config), 2 ** 21, 2 ** 30 + 1),
      'found 1073741825 bytes unpacked, need at most 1073741824',
    ],
    ['sizes beyond the zip', claim(zipSync(config), 2 ** 20, 2 ** 21), 'need a complete file'],
  ])('refuses %s', (_, zip, message) => {
    expect(() => unzipAdapter(zip, 'x.zip')).toThrow(/^Cannot open "x.zip": found .+, need /);
    expect(() => unzipAdapter(zip, 'x.zip')).toThrow(message);
  });

  it('refuses directories made of very many entries', () => {
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`f${i}`, new Uint8Array(0)]));
    expect(() => unzipAdapter(zipSync(many, { level: 0 }))).toThrow('found more than 10000 entries');
  });

  it('answers any mutation with files or with a sentence', () => {
    const zip = zipAdapter(files);
    const mutation = fc.tuple(
      fc.oneof(fc.nat(zip.length - 1), fc.integer({ min: zip.length - 300, max: zip.length - 1 })),
      fc.nat(255),
    );
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (changes) => {
        const copy = zip.slice();
        for (const [at, value] of changes) copy[at] = value;
        try {
          expect(unzipAdapter(copy).length).toBeLessThanOrEqual(4);
        } catch (error) {
          expect((error as Error).message).toMatch(/^Cannot .+: found .+, need /s);
        }
      }),
      { numRuns: 600 },
    );
  });
});
