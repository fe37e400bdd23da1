// The tokenizer inside SmolLM2's GGUF file as a tokenizer.json, so that our tokenizer can be held against the ids that
// the reference files list for it. Reads only what such a file's metadata needs; a test's tool, no GGUF reader.

import { closeSync, openSync, readSync } from 'node:fs';

/** Metadata of SmolLM2 ends at 1.8 MB. */
const HEAD_BYTES = 4_000_000;

export function readGgufMetadata(path: string): Map<string, unknown> {
  const bytes = Buffer.alloc(HEAD_BYTES);
  const file = openSync(path, 'r');
  readSync(file, bytes, 0, HEAD_BYTES, 0);
  closeSync(file);
  let at = 16;
  const u64 = () => {
    at += 8;
    return Number(bytes.readBigUInt64LE(at - 8));
  };
  const u32 = () => {
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  const text = () => {
    const length = u64();
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  /** Sizes of the plain types; only their place matters here, except for u32, i32 and booleans. */
  const plainBytes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
  const value = (type: number): unknown => {
    if (type === 8) return text();
    if (type === 9) {
      const [inner, count] = [u32(), u64()];
      return Array.from({ length: count }, () => value(inner));
    }
    if (type === 4 || type === 5) return u32();
    at += plainBytes[type]!;
    return bytes[at - 1];
  };
  const count = u64();
  return new Map(Array.from({ length: count }, () => [text(), value(u32())] as const));
}

/** tokenizer.json of a GPT-2-like tokenizer with SmolLM's splitting of digits. */
export function smolTokenizerJson(metadata: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
  const types = metadata.get('tokenizer.ggml.token_type') as number[];
  const control = 3;
  return {
    added_tokens: tokens
      .map((content, id) => ({ id, content, special: true, normalized: false }))
      .filter(({ id }) => types[id] === control),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: metadata.get('tokenizer.ggml.merges') as string[],
      ignore_merges: false,
    },
  };
}
