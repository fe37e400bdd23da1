import { describe, expect, it } from 'vitest';
import fc from '../../testing/fast-check.ts';
import { fileFromBytes, type ModelFile } from '../model-file.ts';
import { openModelFolder } from '../model-folder.ts';
import { placeWeight, preparePieces } from '../prepare-weights.ts';
import { readTensor } from '../read-tensor.ts';
import { describeWithShared, sharedFolder, sharedJson } from '../testing/shared.ts';
import { ggufTensor, tinyGguf, tinyGgufBytes, tinyGgufTensors } from '../testing/tiny-gguf.ts';
import { textFile, tinyFolder } from '../testing/tiny-model.ts';
import { openGguf } from './open-gguf.ts';
import type { GgufTensor, TypedValue } from './write-gguf.ts';

const text = (value: string): TypedValue => ({ type: 'text', value });
const u32 = (value: number): TypedValue => ({ type: 'u32', value });
const open = (...args: Parameters<typeof tinyGguf>) => openModelFolder([tinyGguf(...args)]);
const replaced = (tensor: GgufTensor) => [...tinyGgufTensors().filter((t) => t.name !== tensor.name), tensor];
const without = (name: string) => tinyGgufTensors().filter((t) => t.name !== name);

describe('a model in one .gguf file', () => {
  it('opens as the same model in a folder does (the control case)', async () => {
    const fromGguf = await open();
    const fromFolder = await openModelFolder(tinyFolder());
    const { normEps, ...config } = fromGguf.config;
    expect(fromFolder.config).toMatchObject(config);
    expect(normEps).toBe(Math.fround(1e-5));
    expect([...fromGguf.tensors.keys()].sort()).toEqual([...fromFolder.tensors.keys()].sort());
    expect(fromGguf).toMatchObject({ name: 'tiny', licence: 'apache-2.0', warnings: [] });
    const [one, other] = [await fromGguf.loadTokenizer!(), await fromFolder.loadTokenizer!()];
    const words = 'in the <|im_end|> 12½ né  \n\nend';
    for (const special of [true, false])
      expect(one.encode(words, { special })).toEqual(other.encode(words, { special }));
    const turn = [{ role: 'user', content: 'hi' }];
    expect(one.renderChat(turn, { generationPrompt: true })).toBe(other.renderChat(turn, { generationPrompt: true }));
    expect(one.endOfTurn).toEqual(other.endOfTurn);
  });

  it('counts among other files, unless there are weights of a folder', async () => {
    const card = textFile('README.md', '# Tiny');
    expect((await openModelFolder([card, tinyGguf()])).config.layers).toBe(2);
    expect((await openModelFolder([...tinyFolder(), tinyGguf()])).metadata.get('format')).toBe('pt');
    const second = { ...tinyGguf(), name: 'other.gguf' };
    await expect(openModelFolder([tinyGguf(), second])).rejects.toThrow(
      'found 2 .gguf files ("tiny.gguf", "other.gguf"), need one',
    );
  });

  it('puts the rows of q and k back in order, also in biases', async () => {
    const bias = (i: number) =>
      ['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((name) =>
        ggufTensor(`blk.${i}.${name}.bias`, name === 'attn_k' || name === 'attn_v' ? 4 : 8),
      );
    const { tensors, config } = await open({}, [...tinyGgufTensors(), ...bias(0), ...bias(1)]);
    expect(config).toMatchObject({ attentionBias: true });
    const rows = async (name: string) =>
      Array.from(await readTensor(tensors.get(`model.layers.1.self_attn.${name}`)!), (x) => Math.round(100 * x));
    // Heads of 4: the file has dimensions 0 2 1 3 of each.
    expect(await rows('q_proj.bias')).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
    expect(await rows('k_proj.bias')).toEqual([0, 2, 1, 3]);
    expect(await rows('v_proj.bias')).toEqual([0, 1, 2, 3]);
    expect((await rows('q_proj.weight')).filter((_, i) => i % 8 === 0)).toEqual([0, 16, 8, 24, 32, 48, 40, 56]);
  });

  it('takes a head of its own, a stated head size and settings by layer that agree', async () => {
    const { config } = await open(
      {
        'llama.attention.key_length': u32(4),
        'llama.attention.value_length': u32(4),
        'llama.rope.dimension_count': u32(4),
        'llama.rope.freq_base': { type: 'f32', value: 500000 },
        'llama.attention.head_count_kv': { type: 'i32s', value: [1, 1] },
        'llama.rope.scaling.type': text('linear'),
        'llama.rope.scaling.factor': { type: 'f32', value: 2 },
        'tokenizer.ggml.eot_token_id': u32(1),
      },
      [...tinyGgufTensors(), ggufTensor('output.weight', 300, 8)],
    );
    expect(config).toMatchObject({ tied: false, headDim: 4, kvHeads: 1, eos: [2, 1] });
    expect(config.ropes[0]).toMatchObject({ type: 'linear', theta: 500000, factor: 2 });
  });

  it.each<[string, Parameters<typeof tinyGguf>, string]>([
    [
      'another architecture',
      [{ 'general.architecture': text('mamba') }],
      'found general.architecture "mamba", need one of llama',
    ],
    ['no architecture', [{ 'general.architecture': undefined }], 'found general.architecture null'],
    ['an architecture named like a built-in', [{ 'general.architecture': text('constructor') }], '"constructor"'],
    ['an adapter', [{ 'general.type': text('adapter') }], 'general.type "adapter", need "model"'],
    ['a part of a model', [{ 'split.count': u32(3) }], 'found one of 3 parts, need a model in one file'],
    ['a missing setting', [{ 'llama.block_count': undefined }], 'found no "llama.block_count"'],
    ['a setting of the wrong type', [{ 'llama.block_count': text('2') }], '"llama.block_count" "2", need one number'],
    [
      'layers that differ',
      [{ 'llama.attention.head_count_kv': { type: 'i32s', value: [1, 2] } }],
      '[1,2], need one number for all layers',
    ],
    [
      'a setting out of bounds',
      [{ 'llama.embedding_length': u32(4_000_000_000) }],
      'Cannot open "tiny.gguf": found hidden_size 4000000000',
    ],
    ['experts', [{ 'llama.expert_count': u32(8) }], '"llama.expert_count" 8, need 0'],
    [
      'a setting that nobody knows',
      [{ 'llama.attention.sliding_window': u32(32) }],
      '"llama.attention.sliding_window" 32, need a model without it',
    ],
    [
      'values of another width than keys',
      [{ 'llama.attention.value_length': u32(8) }],
      '"llama.attention.value_length" 8, need 4',
    ],
    ['partial rotation', [{ 'llama.rope.dimension_count': u32(2) }], 'partial_rotary_factor 0.5'],
    ['a rotation that nobody knows', [{ 'llama.rope.scaling.type': text('magic') }], 'rope_type "magic"'],
    [
      'rotation factors that follow no rule',
      [{}, [...tinyGgufTensors(), ggufTensor('rope_freqs.weight', 2)]],
      'rope_freqs.weight that do not follow',
    ],
    ['no embedding', [{}, without('token_embd.weight')], 'found no tensor "token_embd.weight"'],
    ['a missing tensor', [{}, without('blk.1.ffn_up.weight')], 'found no tensor "model.layers.1.mlp.up_proj.weight"'],
    [
      'an extra tensor',
      [{}, [...tinyGgufTensors(), ggufTensor('blk.0.attn_q_norm.weight', 4)]],
      'found tensor "blk.0.attn_q_norm.weight", need only those of a "llama"',
    ],
    ['a wrong shape', [{}, replaced(ggufTensor('blk.0.attn_v.weight', 8, 8))], 'found shape [8, 8], need [4, 8]'],
    [
      'integers',
      [{}, replaced({ ...ggufTensor('output_norm.weight', 8), dtype: 'I32' })],
      'found I32, need F32, F16, BF16, Q4_0',
    ],
  ])('refuses %s', async (_, args, message) => {
    await expect(open(...args)).rejects.toThrow(message);
  });

  it('names a weight that is no number, in a norm too', async () => {
    const bytes = new Uint8Array(new Float32Array(8).fill(Number.NaN).buffer);
    const { tensors } = await open({}, replaced({ name: 'blk.1.ffn_norm.weight', dtype: 'F32', shape: [8], bytes }));
    const quant = { linears: 'q8', embeddings: 'q8' } as const;
    const name = 'model.layers.1.post_attention_layernorm.weight';
    const pieces = preparePieces(tensors, placeWeight({ name, shape: [8], kind: 'norm' }, quant));
    await expect(pieces.next()).rejects.toThrow(`Cannot use weight "${name}": found NaN at [0, 0]`);
  });

  it('answers any change of bytes with a model or with one sentence, and reads no more than the file has', async () => {
    const good = tinyGgufBytes();
    const headBytes = good.length - tinyGgufTensors().reduce((n, t) => n + t.bytes.length, 0);
    const change = fc.record({
      at: fc.nat(headBytes),
      bytes: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 9 }),
        fc.constantFrom(...[0xff, 0x7f, 0, 1].map((byte) => new Uint8Array(8).fill(byte))),
      ),
    });
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async (changes) => {
        const bytes = good.slice();
        for (const { at, bytes: part } of changes) bytes.set(part, at);
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
          const folder = await openModelFolder([file]);
          await folder.loadTokenizer?.();
          opened++;
        } catch (error) {
          expect((error as Error).message).toMatch(/^Cannot (open|read|use) [\s\S]*: found [\s\S]*, need /);
        }
        expect(asked).toBeLessThan(4 * bytes.length);
      }),
      { numRuns: 2000 },
    );
    expect(opened).toBeGreaterThan(100);
  });
});

describeWithShared('Llama 3’s rotation from its factors', 'goldens/llama_rope3/model', () => {
  interface Rope {
    rope_theta: number;
    factor: number;
    low_freq_factor: number;
    high_freq_factor: number;
    original_max_position_embeddings: number;
  }
  /** As llama.cpp's converter writes them. */
  const factorsOf = (rope: Rope, pairs: number) =>
    Float32Array.from({ length: pairs }, (_, i) => {
      const wave = 2 * Math.PI * rope.rope_theta ** (i / pairs);
      const context = rope.original_max_position_embeddings;
      if (wave < context / rope.high_freq_factor) return 1;
      if (wave > context / rope.low_freq_factor) return rope.factor;
      const s = (context / wave - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
      return 1 / ((1 - s) / rope.factor + s);
    });
  const ropeOf = async (rope: Rope, headDim: number) => {
    const factors = factorsOf(rope, headDim / 2);
    const file = tinyGguf(
      {
        'llama.rope.freq_base': { type: 'f32', value: rope.rope_theta },
        'llama.attention.key_length': u32(headDim),
        'llama.attention.value_length': u32(headDim),
      },
      [
        ...tinyGgufTensors(),
        { name: 'rope_freqs.weight', dtype: 'F32', shape: [headDim / 2], bytes: new Uint8Array(factors.buffer) },
      ],
    );
    return (await openGguf(file)).config.rope_scaling;
  };

  it('finds the rule again', async () => {
    const usual = { rope_theta: 500000, factor: 32, low_freq_factor: 1, high_freq_factor: 4 };
    const llama32 = { ...usual, original_max_position_embeddings: 8192 };
    expect(await ropeOf(llama32, 64)).toMatchObject({
      rope_type: 'llama3',
      factor: 32,
      original_max_position_embeddings: 8192,
    });
    const { rope_parameters: rope } = sharedJson<{ rope_parameters: Rope }>('goldens/llama_rope3/model/config.json');
    const { headDim } = (await openModelFolder(sharedFolder('goldens/llama_rope3/model'))).config;
    const { factor, low_freq_factor, high_freq_factor, original_max_position_embeddings } = rope;
    expect(await ropeOf(rope, headDim)).toMatchObject({
      factor,
      low_freq_factor,
      high_freq_factor,
      original_max_position_embeddings,
    });
  });

  it('refuses factors of another rule (control)', async () => {
    const other = { rope_theta: 500000, factor: 8, low_freq_factor: 1, high_freq_factor: 8 };
    await expect(ropeOf({ ...other, original_max_position_embeddings: 8192 }, 64)).rejects.toThrow(
      'need a rotation that Graft knows',
    );
  });
});
