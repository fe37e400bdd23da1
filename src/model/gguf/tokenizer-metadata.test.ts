import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJsonObject } from '../model-file.ts';
import { describeWithShared, diskFile, sharedFile } from '../testing/shared.ts';
import type { TokenizerFiles } from '../tokenizer.ts';
import { PRE_TOKENIZERS } from './pre-tokenizers.ts';
import { readGgufHeader } from './read-header.ts';
import { tokenizerFiles } from './tokenizer-files.ts';
import { tokenizerMetadata } from './tokenizer-metadata.ts';

const SCION = path.resolve(import.meta.dirname, '../../../public/models/scion');
const scion = async (): Promise<TokenizerFiles> => ({
  tokenizer: await readJsonObject(diskFile(path.join(SCION, 'tokenizer.json'))),
  config: await readJsonObject(diskFile(path.join(SCION, 'tokenizer_config.json'))),
  eos: [2],
});
type Json = Record<string, unknown>;

describe('tokenizerMetadata()', () => {
  it('says of Scion’s tokenizer what llama.cpp needs', async () => {
    const files = await scion();
    const values = tokenizerMetadata(files, 4096);
    expect(values['tokenizer.ggml.model']).toEqual({ type: 'text', value: 'gpt2' });
    expect(values['tokenizer.ggml.pre']).toEqual({ type: 'text', value: 'smollm' });
    expect(values['tokenizer.ggml.eos_token_id']).toEqual({ type: 'u32', value: 2 });
    expect(values['tokenizer.ggml.padding_token_id']).toEqual({ type: 'u32', value: 0 });
    expect(values['tokenizer.ggml.add_bos_token']).toEqual({ type: 'bool', value: false });
    expect(values['tokenizer.ggml.bos_token_id']).toBeUndefined();
    expect((values['tokenizer.ggml.tokens']!.value as string[]).slice(0, 3)).toEqual([
      '<|endoftext|>',
      '<|im_start|>',
      '<|im_end|>',
    ]);
    expect((values['tokenizer.ggml.token_type']!.value as number[]).slice(0, 4)).toEqual([3, 3, 3, 1]);
    expect(values['tokenizer.chat_template']!.value).toBe(files.config!.chat_template);
  });

  it('gives rows of the embedding without a token names of their own', async () => {
    const values = tokenizerMetadata(await scion(), 4100);
    expect((values['tokenizer.ggml.tokens']!.value as string[]).slice(4096)).toEqual([
      '[PAD4096]',
      '[PAD4097]',
      '[PAD4098]',
      '[PAD4099]',
    ]);
  });

  it('tells all of llama.cpp’s ways of cutting text apart', async () => {
    const files = await scion();
    const nameOf = (splits: readonly string[], ignoreMerges = false) => {
      const pretokenizers = [
        ...splits.map((Regex) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false })),
        { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
      ];
      const model = { ...(files.tokenizer.model as Json), ignore_merges: ignoreMerges };
      const tokenizer = { ...files.tokenizer, pre_tokenizer: { type: 'Sequence', pretokenizers }, model };
      return tokenizerMetadata({ ...files, tokenizer }, 4096)['tokenizer.ggml.pre']!.value as string;
    };
    for (const [name, { splits, ignoreMerges }] of Object.entries(PRE_TOKENIZERS))
      expect(PRE_TOKENIZERS[nameOf(splits, ignoreMerges)]!.splits, name).toEqual(splits);
    expect(() => nameOf(['[a-z]+'])).toThrow('found a way of cutting text into words that llama.cpp has no name for');
  });

  it('refuses a tokenizer that is no byte-pair encoding', async () => {
    const files = await scion();
    const tokenizer = { ...files.tokenizer, model: { type: 'Unigram', vocab: [['a', 0]] } };
    expect(() => tokenizerMetadata({ ...files, tokenizer }, 4096)).toThrow('found a model of type "Unigram"');
  });
});

describeWithShared('tokenizerMetadata() of SmolLM2', 'models/SmolLM2-135M-Instruct.Q4_1.gguf', () => {
  it('gives the values of its own file back', async () => {
    const file = sharedFile('models/SmolLM2-135M-Instruct.Q4_1.gguf');
    const { metadata } = await readGgufHeader(file);
    const values = tokenizerMetadata(tokenizerFiles(file, metadata), 49152);
    for (const key of ['model', 'pre', 'tokens', 'merges', 'bos_token_id', 'eos_token_id', 'unknown_token_id'])
      expect(values[`tokenizer.ggml.${key}`]!.value, key).toEqual(metadata.get(`tokenizer.ggml.${key}`));
    expect(values['tokenizer.ggml.token_type']!.value).toEqual([
      ...(metadata.get('tokenizer.ggml.token_type') as Int32Array),
    ]);
    expect(values['tokenizer.chat_template']!.value).toBe(metadata.get('tokenizer.chat_template'));
  });
});
