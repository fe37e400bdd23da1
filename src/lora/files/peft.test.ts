import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileFromBytes, type ModelFile } from '../../model/model-file.ts';
import { readTensor } from '../../model/read-tensor.ts';
import { readSafetensorsHeader, type TensorBytes, writeSafetensors } from '../../model/safetensors.ts';
import { describeWithShared, diskFolder, sharedFolder } from '../../model/testing/shared.ts';
import fc from '../../testing/fast-check.ts';
import { type Adapter, asLora } from '../adapter.ts';
import { initAdapter } from '../init-adapter.ts';
import { DEFAULT_LORA } from '../lora-config.ts';
import { TINY_PARTS, TINY_SITES } from '../testing/tiny-linears.ts';
import { type FileBytes, readPeftFolder, writePeftFolder } from './peft.ts';
import { readAdapterAlone } from './read-alone.ts';

const golden = () => diskFolder(path.join(import.meta.dirname, '../testing/fixtures/lora_default'));
const asFiles = (files: readonly FileBytes[]) => files.map(({ name, bytes }) => fileFromBytes(name, bytes));
const bytesOf = async (files: readonly ModelFile[], name: string) => {
  const file = files.find((f) => f.name === name)!;
  return file.read(0, file.size);
};
const json = (name: string, value: unknown) => fileFromBytes(name, new TextEncoder().encode(JSON.stringify(value)));
const facts = { name: 'test' };
/** Differs from zero everywhere, so that a swap of A and B or a transpose shows. */
function filled(adapter: Adapter): Adapter {
  const modules = [...adapter.modules].map(([name, m]) => [name, { ...m, b: m.b.map((_, i) => Math.cos(i)) }] as const);
  return { ...adapter, modules: new Map(modules) };
}
const plain = (change = {}) =>
  initAdapter({ ...DEFAULT_LORA, target_modules: ['q_proj'], ...change }, TINY_SITES, 3, 'org/base');

/** A folder of one module with any tensors. */
const PREFIX = 'base_model.model.model.layers.0.self_attn.q_proj';
const tensor = (name: string, shape: number[], dtype: TensorBytes['dtype'] = 'F32'): TensorBytes => ({
  name,
  dtype,
  shape,
  bytes: new Uint8Array(shape.reduce((a, b) => a * b) * (dtype === 'F32' ? 4 : 2)),
});
const pair = [tensor(`${PREFIX}.lora_A.weight`, [4, 64]), tensor(`${PREFIX}.lora_B.weight`, [64, 4])];
const folder = (tensors: TensorBytes[], config = {}) => [
  json('adapter_config.json', { peft_type: 'LORA', r: 4, target_modules: ['q_proj'], ...config }),
  fileFromBytes('adapter_model.safetensors', writeSafetensors(tensors)),
];

describe('readPeftFolder()', () => {
  it('reads what PEFT wrote', async () => {
    const files = golden();
    const { adapter, notices } = await readPeftFolder(files, TINY_SITES);
    expect(notices).toEqual([]);
    expect(adapter.modules.size).toBe(4);
    const header = await readSafetensorsHeader(files.find((f) => f.name.endsWith('.safetensors'))!);
    for (const [name, module] of adapter.modules) {
      expect(module).toMatchObject({
        r: 4,
        alpha: 8,
        scaling: 2,
        inFeatures: 64,
        outFeatures: name.includes('v_proj') ? 32 : 64,
      });
      const stored = (letter: string) =>
        header.tensors.find((t) => t.name === `base_model.model.${name}.lora_${letter}.weight`)!;
      expect(module.a).toEqual(await readTensor(stored('A')));
      expect(module.b).toEqual(await readTensor(stored('B')));
      expect(module.b.some((x) => x !== 0)).toBe(true);
    }
  });

  it('reads half floats and leaves copies of the base out, with a notice', async () => {
    const halves = [
      tensor(`${PREFIX}.lora_A.weight`, [4, 64], 'F16'),
      tensor(`${PREFIX}.lora_B.weight`, [64, 4], 'BF16'),
    ];
    new Uint16Array(halves[0]!.bytes.buffer).fill(0x3c00);
    new Uint16Array(halves[1]!.bytes.buffer).fill(0xc000);
    const copy = tensor('base_model.model.lm_head.base_layer.weight', [1]);
    const { adapter, notices } = await readPeftFolder(
      folder([...halves, copy], { layers_to_transform: [0] }),
      TINY_SITES,
    );
    const module = adapter.modules.get('model.layers.0.self_attn.q_proj')!;
    expect([module.a[255], module.b[255]]).toEqual([1, -2]);
    expect(notices).toEqual([
      '"base_model.model.lm_head.base_layer.weight" is a copy of the base\'s weights and is not used',
    ]);
  });

  it('reads biases that PEFT wrote under its inner names too', async () => {
    const norm = (kind: 'norm' | 'bias') => ({
      name: `model.norm.${kind === 'bias' ? kind : 'weight'}`,
      shape: [64],
      kind,
    });
    const sites = { ...TINY_SITES, tensors: [...TINY_PARTS.tensors.slice(0, -1), norm('norm'), norm('bias')] };
    const of = (name: string) => tensor(`base_model.model.model.norm.${name}`, [64]);
    const own = [...pair, of('weight'), of('bias')];
    const twice = [...own, of('modules_to_save.bias'), of('original_module.bias')];
    const config = { layers_to_transform: [0], bias: 'all', modules_to_save: ['model.norm'] };
    const { adapter, notices } = await readPeftFolder(folder(twice, config), sites);
    expect([...adapter.saved!.keys()]).toEqual(['model.norm.weight', 'model.norm.bias']);
    expect(notices).toEqual(
      ['modules_to_save', 'original_module'].map(
        (inner) => `"base_model.model.model.norm.${inner}.bias" is there under its own name as well and is not used`,
      ),
    );
    const alone = await readAdapterAlone(folder(twice, config));
    expect(alone.adapter.saved).toEqual(adapter.saved);
    // Of a module that is not saved they are tensors too many.
    const other = readPeftFolder(folder(twice.slice(0, 2).concat(twice.slice(4)), { layers_to_transform: [0] }), sites);
    await expect(other).rejects.toThrow('found tensor "base_model.model.model.norm.modules_to_save.bias"');
  });

  it('says which targets have no tensors', async () => {
    const { adapter, notices } = await readPeftFolder(folder(pair), TINY_SITES);
    expect([...adapter.modules.keys()]).toEqual(['model.layers.0.self_attn.q_proj']);
    expect(notices).toEqual(['"model.layers.1.self_attn.q_proj" is a target without tensors and stays as it is']);
  });

  const [a, b] = pair as [TensorBytes, TensorBytes];
  it.each<[string, ModelFile[], string]>([
    ['a folder without config', folder(pair).slice(1), 'found no "adapter_config.json"'],
    ['a folder without weights', folder(pair).slice(0, 1), 'found no "adapter_model.safetensors"'],
    ['weights of another program', [folder(pair)[0]!, json('adapter_model.bin', 0)], 'found no zip'],
    ['an A without its B', folder([a]), 'found "model.layers.0.self_attn.q_proj.lora_A" alone, need its lora_B too'],
    ['a B without its A', folder([b]), 'found "model.layers.0.self_attn.q_proj.lora_B" alone, need its lora_A too'],
    ['no tensors', folder([]), 'found no lora_A'],
    ['another rank than the config says', folder(pair, { r: 8 }), 'found shape [4, 64], need [8, 64]'],
    [
      'a transposed factor',
      folder([a, tensor(b.name, [4, 64])]),
      `Cannot read tensor "${b.name}": found shape [4, 64], need [64, 4]`,
    ],
    [
      'DoRA magnitudes',
      folder([...pair, tensor(`${PREFIX}.lora_magnitude_vector`, [64])]),
      `found tensor "${PREFIX}.lora_magnitude_vector"`,
    ],
    ['LoRA biases', folder([...pair, tensor(`${PREFIX}.lora_B.bias`, [64])]), 'lora_B.bias'],
    [
      'embedding factors',
      folder([tensor('base_model.model.model.embed_tokens.lora_embedding_A', [4, 512])]),
      'found tensors for "model.embed_tokens", need a linear',
    ],
    ['magnitudes that are missing', folder(pair, { use_dora: true }), 'found no "base_model.model.'],
    ['a saved module that is missing', folder(pair, { modules_to_save: ['lm_head'] }), 'lm_head.weight", need it'],
    [
      'a module to save that is none',
      folder(pair, { modules_to_save: ['no_such'] }),
      'found "no_such" in modules_to_save',
    ],
    [
      'tokens beyond the embedding',
      folder(pair, { trainable_token_indices: [512] }),
      'found token 512 to train, need ids below 512',
    ],
    ['DoRA on an embedding', folder(pair, { use_dora: true, target_modules: ['embed_tokens'] }), 'found use_dora on'],
    [
      'whole saved modules',
      folder([...pair, tensor('base_model.model.lm_head.weight', [4])]),
      'found tensor "base_model.model.lm_head.weight"',
    ],
    [
      'names without the prefix',
      folder([tensor('model.layers.0.self_attn.q_proj.lora_A.weight', [4, 64])]),
      'need only those that "adapter_config.json" asks for',
    ],
    [
      'tensors outside the targets',
      folder([...pair, ...pair.map((t) => ({ ...t, name: t.name.replace('q_proj', 'o_proj') }))]),
      'found tensors for "model.layers.0.self_attn.o_proj", need it among the targets',
    ],
    [
      'tensors of another base',
      folder([...pair, ...pair.map((t) => ({ ...t, name: t.name.replace('.0.', '.9.') }))]),
      'found tensors for "model.layers.9.self_attn.q_proj", need a linear of this model',
    ],
    ['integers', folder([{ ...a, dtype: 'I32' }, b]), 'found I32, need F32, F16, BF16'],
  ])('refuses %s', async (_, files, message) => {
    await expect(readPeftFolder(files, TINY_SITES)).rejects.toThrow(message);
  });

  it('refuses weights that are not finite, by place', async () => {
    const bytes = a.bytes.slice();
    new Float32Array(bytes.buffer)[70] = Number.POSITIVE_INFINITY;
    const read = readPeftFolder(folder([{ ...a, bytes }, b]), TINY_SITES);
    await expect(read).rejects.toThrow('Cannot use "model.layers.0.self_attn.q_proj.lora_A": found Infinity at [1, 6]');
  });
});

describe('writePeftFolder()', () => {
  it('writes the golden adapter again: weights byte for byte, config with the same meaning', async () => {
    const files = golden();
    const { adapter } = await readPeftFolder(files, TINY_SITES);
    const written = asFiles(writePeftFolder(adapter, facts));
    expect(await bytesOf(written, 'adapter_model.safetensors')).toEqual(
      await bytesOf(files, 'adapter_model.safetensors'),
    );
    const [before, after] = await Promise.all(
      [files, written].map(async (f) => JSON.parse(new TextDecoder().decode(await bytesOf(f, 'adapter_config.json')))),
    );
    for (const key of Object.keys(after)) {
      const sort = (value: unknown) => (Array.isArray(value) ? [...value].sort() : value);
      expect([key, sort(after[key])]).toEqual([key, sort(before[key])]);
    }
  });

  it('is read back as it was', async () => {
    const adapter = filled(plain({ r: 3, use_rslora: true, target_modules: 'all-linear' }));
    const back = await readPeftFolder(asFiles(writePeftFolder(adapter, facts)), TINY_SITES);
    expect(back.adapter.modules).toEqual(adapter.modules);
    expect(back.adapter.baseName).toBe('org/base');
    expect(back.notices).toEqual([]);
  });

  it('lists the names behind "all-linear" and fills in base and task', () => {
    const [config] = writePeftFolder(plain({ target_modules: 'all-linear' }), facts);
    expect(JSON.parse(new TextDecoder().decode(config!.bytes))).toMatchObject({
      target_modules: ['down_proj', 'gate_proj', 'k_proj', 'o_proj', 'q_proj', 'up_proj', 'v_proj'],
      base_model_name_or_path: 'org/base',
      task_type: 'CAUSAL_LM',
    });
  });

  it('spells patterns out by path when sorting them would change their meaning', async () => {
    const adapter = filled(plain({ rank_pattern: { q_proj: 2, 'layers.0.self_attn.q_proj': 5 } }));
    expect([...adapter.modules.values()].map((m) => m.r)).toEqual([2, 2]);
    const files = asFiles(writePeftFolder(adapter, facts));
    const back = await readPeftFolder(files, TINY_SITES);
    expect(back.adapter.modules).toEqual(adapter.modules);
    expect(asLora(back.adapter, 'test').config.rank_pattern).toEqual({
      'model\\.layers\\.0\\.self_attn\\.q_proj': 2,
      'model\\.layers\\.1\\.self_attn\\.q_proj': 2,
    });
  });

  it('refuses to write what is not finite', () => {
    const adapter = plain();
    adapter.modules.get('model.layers.0.self_attn.q_proj')!.b[0] = Number.NaN;
    expect(() => writePeftFolder(adapter, facts)).toThrow('found NaN at [0, 0]');
  });
});

describe('readPeftFolder() on damaged files', () => {
  it('answers any mutation with an adapter or with a sentence', async () => {
    const files = golden();
    const originals = new Map(await Promise.all(files.map(async (f) => [f.name, await f.read(0, f.size)] as const)));
    const mutation = fc.tuple(fc.constantFrom(...originals.keys()), fc.nat(2000), fc.nat(255), fc.nat(3));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (changes) => {
        const copies = new Map([...originals].map(([name, bytes]) => [name, bytes.slice()]));
        for (const [name, at, value, kind] of changes) {
          const bytes = copies.get(name)!;
          if (kind === 0) copies.set(name, bytes.slice(0, at));
          else if (at < bytes.length) bytes[at] = value;
        }
        try {
          await readPeftFolder(
            [...copies].map(([name, bytes]) => fileFromBytes(name, bytes)),
            TINY_SITES,
          );
        } catch (error) {
          refused++;
          expect((error as Error).message).toMatch(/^Cannot .+: found .+, need /s);
        }
      }),
      { numRuns: 600 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

describeWithShared('readPeftFolder() on reference adapters', 'goldens/llama_variants', () => {
  it.each([
    'llama/lora_default/adapter_final',
    'llama/lora_all_linear/adapter',
    'llama_variants/rslora/adapter',
    'llama_variants/rank_pattern/adapter',
    'llama_variants/regex/adapter',
    'llama_variants/exclude_modules/adapter',
    'llama_variants/layers_to_transform/adapter',
    'llama_variants/pissa/adapter_final_converted',
    'llama_variants/dora/adapter',
    'llama_variants/lora_bias/adapter',
    'llama_variants/modules_to_save/adapter',
    'llama_variants/embedding_lm_head/adapter',
    'llama_variants/train_tokens/adapter',
  ])('%s is read, and read again after writing', async (name) => {
    const { adapter } = await readPeftFolder(sharedFolder(`goldens/${name}`), TINY_SITES);
    expect(adapter.modules.size).toBeGreaterThan(0);
    const again = await readPeftFolder(asFiles(writePeftFolder(adapter, facts)), TINY_SITES);
    for (const part of ['modules', 'saved', 'tokens'] as const) expect(again.adapter[part]).toEqual(adapter[part]);
  });
  it.each(['pissa', 'olora'])('llama_variants/%s is refused (control)', async (name) => {
    const read = readPeftFolder(sharedFolder(`goldens/llama_variants/${name}/adapter`), TINY_SITES);
    await expect(read).rejects.toThrow(/^Cannot .+: found .+, need /);
  });
});
