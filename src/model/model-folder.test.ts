import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { baseName, fileFromBytes } from './model-file.ts';
import { openModelFolder } from './model-folder.ts';
import { modelParts } from './model-parts.ts';
import { readModelTensors } from './model-tensors.ts';
import { type TensorBytes, writeSafetensors } from './safetensors.ts';
import { describeWithShared, diskFolder, sharedFolder } from './testing/shared.ts';
import { jsonFile, textFile, tinyFolder, tinyTensors } from './testing/tiny-model.ts';

const without = (name: string, files = tinyFolder()) => files.filter((file) => baseName(file.name) !== name);
const replaced = (tensor: TensorBytes) => [...tinyTensors().filter((t) => t.name !== tensor.name), tensor];
const tensor = (name: string, shape: number[], dtype: TensorBytes['dtype'] = 'F32'): TensorBytes => ({
  name,
  dtype,
  shape,
  bytes: new Uint8Array(shape.reduce((a, b) => a * b) * (dtype === 'I8' ? 1 : dtype === 'F16' ? 2 : 4)),
});

describe('openModelFolder()', () => {
  it('opens a complete folder', async () => {
    const folder = await openModelFolder(tinyFolder());
    expect(folder).toMatchObject({ name: 'tiny', licence: 'apache-2.0', warnings: [] });
    expect(folder.config).toMatchObject({ hidden: 8, layers: 2, eos: [2] });
    expect(folder.tensors.size).toBe(20);
    expect((await openModelFolder(tinyFolder(), 'org/Tiny')).name).toBe('org/Tiny');
  });

  it('builds the tokenizer once, when asked for', async () => {
    const { loadTokenizer } = await openModelFolder(tinyFolder());
    const tokenizer = await loadTokenizer!();
    expect(tokenizer.endOfTurn).toEqual([2]);
    expect(await loadTokenizer!()).toBe(tokenizer);
    expect((await openModelFolder(without('tokenizer.json'))).loadTokenizer).toBeUndefined();
  });

  it('prefers chat_template.jinja to the template in tokenizer_config.json', async () => {
    const files = [...tinyFolder(), textFile('chat_template.jinja', 'jinja:{{ messages[0].content }}')];
    const tokenizer = await (await openModelFolder(files)).loadTokenizer!();
    expect(tokenizer.renderChat([{ role: 'user', content: 'hi' }], { generationPrompt: true })).toBe('jinja:hi');
  });

  it('reads end-of-turn ids from generation_config.json first', async () => {
    const files = [...tinyFolder(), jsonFile('generation_config.json', { eos_token_id: [1, 2] })];
    expect((await openModelFolder(files)).config.eos).toEqual([1, 2]);
  });

  it('finds the licence in the front matter only', async () => {
    const licenceOf = async (card: string) =>
      (await openModelFolder([...without('README.md'), textFile('README.md', card)])).licence;
    expect(await licenceOf('---\nlicense: other\nlicense_name: "llama3.2"\n---\n')).toBe('llama3.2');
    expect(await licenceOf('# Card\nlicense: mit\n')).toBeUndefined();
    expect((await openModelFolder(without('README.md'))).licence).toBeUndefined();
  });

  it('warns about tensors that are not used, except known buffers', async () => {
    const buffer = tensor('model.layers.0.self_attn.rotary_emb.inv_freq', [2]);
    const extra = tensor('model.layers.0.self_attn.q_norm.weight', [4]);
    const folder = await openModelFolder(tinyFolder({}, [...tinyTensors(), buffer, extra]));
    expect(folder.warnings).toEqual(['1 tensors of the files are not used: "model.layers.0.self_attn.q_norm.weight"']);
  });

  it('accepts its own q8 weights with their scales', async () => {
    const name = 'model.layers.1.mlp.down_proj.weight';
    const codes = replaced(tensor(name, [8, 12], 'I8'));
    const folder = await openModelFolder(tinyFolder({}, [...codes, tensor(`${name}.scale`, [8, 1], 'F16')]));
    expect(folder.warnings).toEqual([]);
    await expect(openModelFolder(tinyFolder({}, codes))).rejects.toThrow(`need "${name}.scale" as F16 [8, 1]`);
  });

  it('names a missing file, a missing tensor and what is wrong with one', async () => {
    await expect(openModelFolder(without('config.json'))).rejects.toThrow('found no "config.json"');
    await expect(openModelFolder(without('model.safetensors'))).rejects.toThrow('found no "model.safetensors"');
    const norm = tinyTensors().filter((t) => t.name !== 'model.norm.weight');
    await expect(openModelFolder(tinyFolder({}, norm))).rejects.toThrow(
      'found no tensor "model.norm.weight", need it with shape [8]',
    );
    await expect(openModelFolder(tinyFolder({ tie_word_embeddings: false }))).rejects.toThrow(
      'found no tensor "lm_head.weight"',
    );
    await expect(openModelFolder(tinyFolder({ attention_bias: true }))).rejects.toThrow(
      'found no tensor "model.layers.0.self_attn.q_proj.bias"',
    );
    await expect(openModelFolder(tinyFolder({ vocab_size: 301 }))).rejects.toThrow(
      'Cannot open tensor "model.embed_tokens.weight": found shape [300, 8], need [301, 8] by the model\'s settings',
    );
    const wide = replaced(tensor('model.norm.weight', [8], 'I8'));
    await expect(openModelFolder(tinyFolder({}, wide))).rejects.toThrow('found I8, need F32, F16, BF16');
  });

  it('refuses a tokenizer with more tokens than the model has rows', async () => {
    const small = tinyTensors().map((t) => (t.name.includes('embed') ? tensor(t.name, [100, 8]) : t));
    const { loadTokenizer } = await openModelFolder(tinyFolder({ vocab_size: 100 }, small));
    await expect(loadTokenizer!()).rejects.toThrow(/token ids up to 26\d, need ids below the model's 100/);
  });
});

const FIXTURES = path.resolve(import.meta.dirname, '../train/testing/fixtures');

describe('openModelFolder() on a model of every family', () => {
  const names = readdirSync(FIXTURES, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [e.name] : []));
  it.each(names)('%s: every tensor is there and none is left over', async (name) => {
    const folder = await openModelFolder(diskFolder(path.join(FIXTURES, name, 'model')));
    expect(folder.warnings).toEqual([]);
    for (const spec of modelParts(folder.config).tensors) expect(folder.tensors.has(spec.name), spec.name).toBe(true);
  });
  it('reads names with and without the prefix, and refuses integers in place of a transposed matrix', async () => {
    const files = diskFolder(path.join(FIXTURES, 'gpt2_hub/model'));
    const { tensors } = await openModelFolder(files);
    expect(tensors.has('transformer.h.0.attn.c_attn.weight')).toBe(true);
    expect(tensors.has('h.0.attn.c_attn.weight')).toBe(false);
    const found = await readModelTensors(files);
    const copies = await Promise.all(
      [...found.tensors.values()].map(async (info) => {
        const bytes = new Uint8Array(await info.file.read(info.begin, info.end - info.begin));
        const isMatrix = info.name === 'h.0.attn.c_attn.weight';
        const dtype = isMatrix ? 'I8' : info.dtype;
        return {
          name: info.name,
          shape: info.shape,
          dtype,
          bytes: isMatrix ? bytes.slice(0, bytes.length / 4) : bytes,
        };
      }),
    );
    const config = files.filter((file) => file.name.endsWith('config.json'));
    const integers = [...config, fileFromBytes('model.safetensors', writeSafetensors(copies as TensorBytes[]))];
    await expect(openModelFolder(integers)).rejects.toThrow('found I8, need F32, F16, BF16');
  });
});

describeWithShared('openModelFolder() on reference models', 'goldens/llama/model', () => {
  it.each([
    ['goldens/llama/model', true],
    ['goldens/llama_untied/model', false],
    ['models/candidate', true],
  ])('%s: every tensor is there and none is left over', async (path, tied) => {
    const folder = await openModelFolder(sharedFolder(path));
    expect(folder.config.tied).toBe(tied);
    expect(folder.warnings).toEqual([]);
    expect([...folder.tensors.keys()].sort()).toEqual(
      modelParts(folder.config)
        .tensors.map((t) => t.name)
        .sort(),
    );
  });
  it('another family is refused by name (control)', async () => {
    await expect(openModelFolder(sharedFolder('goldens/t5/model'))).rejects.toThrow('model_type "t5"');
  });
});
