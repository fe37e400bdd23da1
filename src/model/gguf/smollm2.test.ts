// A real file: SmolLM2-135M-Instruct as Q4_1, against what transformers says of the original.

import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { openModelFile } from '../../storage/node.ts';
import { openModelFolder } from '../model-folder.ts';
import { quantizeRows, readQuantRows, weightSource } from '../quantize.ts';
import { readRows } from '../read-tensor.ts';
import { describeWithShared, sharedJson, sharedPath } from '../testing/shared.ts';
import { openTokenizer, type Tokenizer } from '../tokenizer.ts';
import { readGgufHeader } from './read-header.ts';
import { tokenizerFiles } from './tokenizer-files.ts';

interface Line {
  kind: string;
  text: string;
  ids: number[];
  ids_specials_as_text?: number[];
}
const path = 'models/SmolLM2-135M-Instruct.Q4_1.gguf';

describeWithShared('SmolLM2 from GGUF', path, () => {
  const open = async () => openModelFolder([await openModelFile(sharedPath(path))]);
  const lines = readFileSync(sharedPath('models/reference/tokenizer.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await (await open()).loadTokenizer!();
  });

  it('opens with its settings, all of its tensors and nothing left over', async () => {
    const folder = await open();
    expect(folder.config).toMatchObject({
      family: 'llama',
      layers: 30,
      hidden: 576,
      heads: 9,
      kvHeads: 3,
      headDim: 64,
      ffn: 1536,
      vocab: 49152,
      contextTokens: 8192,
      tied: true,
      bos: 1,
      eos: [2],
      pad: 2,
      attentionBias: false,
    });
    expect(folder.config.ropes[0]).toMatchObject({ type: 'default', theta: 100_000 });
    expect(folder.licence).toBe('apache-2.0');
    expect(folder.warnings).toEqual([]);
    expect(folder.tensors.size).toBe(272);
  });

  it('reads rows of every tensor, and keeps the embedding in q8 as it is', async () => {
    const { tensors } = await open();
    for (const info of tensors.values())
      expect(
        (await readRows(info, 0, 2)).every((value) => Number.isFinite(value) && Math.abs(value) < 100),
        info.name,
      ).toBe(true);
    const embedding = weightSource(tensors, 'model.embed_tokens.weight');
    expect(embedding.weight.dtype).toBe('Q8_0');
    const kept = await readQuantRows(embedding, 100, 200, 'q8');
    const values = await readRows(embedding.weight, 100, 200);
    expect(kept).toEqual(quantizeRows('again', values, 100, 576, 'q8'));
  });

  it('gives the same ids for every reference string', () => {
    expect(lines.length).toBe(247);
    const wrong = lines.filter(({ text, ids }) => tokenizer.encode(text, { special: true }).join() !== ids.join());
    expect(wrong.map(({ text }) => text)).toEqual([]);
  });

  it('gives the same ids where special tokens are read as text', () => {
    const asText = lines.filter((line) => line.ids_specials_as_text !== undefined);
    expect(asText.length).toBeGreaterThan(10);
    const wrong = asText.filter(
      ({ text, ids_specials_as_text: ids }) => tokenizer.encode(text, { special: false }).join() !== ids!.join(),
    );
    expect(wrong.map(({ text }) => text)).toEqual([]);
  });

  it('renders and encodes the reference conversations', () => {
    const { prompts } = sharedJson<{
      prompts: { messages: { role: string; content: string }[]; rendered: string; input_ids: number[] }[];
    }>('models/reference/prompts.json');
    expect(prompts.length).toBe(5);
    for (const { messages, rendered, input_ids } of prompts) {
      expect(tokenizer.renderChat(messages, { generationPrompt: true })).toBe(rendered);
      expect(tokenizer.encode(rendered, { special: true })).toEqual(input_ids);
    }
    expect(tokenizer).toMatchObject({ endOfTurn: [2], bos: undefined, vocabSize: 49152 });
  });

  it('sees another cut of the text (control)', async () => {
    const file = await openModelFile(sharedPath(path));
    const { metadata } = await readGgufHeader(file);
    const wrongWith = (pre: string) => {
      const other = openTokenizer(tokenizerFiles(file, new Map(metadata).set('tokenizer.ggml.pre', pre)));
      return lines.filter(({ text, ids }) => other.encode(text, { special: true }).join() !== ids.join()).length;
    };
    expect(wrongWith('starcoder')).toBe(0);
    expect(wrongWith('gpt-2')).toBeGreaterThan(3);
  });

  it('takes few reads for the header, none of them large', async () => {
    const file = await openModelFile(sharedPath(path));
    const asked: number[] = [];
    const read = (at: number, length: number) => {
      asked.push(length);
      return file.read(at, length);
    };
    await readGgufHeader({ ...file, read });
    expect(asked.length).toBeLessThan(5);
    expect(Math.max(...asked)).toBeLessThan(4 << 20);
  });
});
