// A base with its adapter merged in, as a Hugging Face folder that transformers, vLLM, mlx-lm and llama.cpp's converters open:
// config.json in both spellings, model.safetensors in f16 or bf16, the tokenizer's files as the base had them.

import { inBothSpellings } from '../../model/config-spellings.ts';
import { encodeRows } from '../../model/encode-rows.ts';
import { baseName } from '../../model/model-file.ts';
import type { ModelFolder } from '../../model/model-folder.ts';
import type { QuantChoice } from '../../model/prepare-weights.ts';
import { streamSafetensors, type TensorStream } from '../../model/safetensors.ts';
import { type StreamedFile, wholeFile } from '../../model/streamed-file.ts';
import { portableTokenizer } from '../../model/tokenizer-json.ts';
import type { Adapter } from '../adapter.ts';
import { type MergedTensor, mergedModel } from '../merged-weights.ts';

/** An opened base. */
export interface MergeInput {
  readonly folder: ModelFolder;
  /** How training stored the base. */
  readonly quant: QuantChoice;
}

export type MergedType = 'f16' | 'bf16' | 'f32';
const TYPES = {
  f16: { dtype: 'F16', config: 'float16' },
  bf16: { dtype: 'BF16', config: 'bfloat16' },
  f32: { dtype: 'F32', config: 'float32' },
} as const;

/** Files of a base that go along unchanged: they say how text becomes tokens and under which terms. */
const CARRIED =
  /^(tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json|added_tokens\.json|tokenizer\.model|vocab\.json|merges\.txt|chat_template\.jinja|LICENSE.*|NOTICE.*|USE_POLICY.*)$/i;
/** Tokenizers of 260,000 tokens take 35 MB; nothing carried is larger. */
const MAX_CARRIED_BYTES = 100_000_000;

/** The folder's files; weights are read when model.safetensors is written. Without an adapter: the base itself. */
export async function mergedFolder(
  input: MergeInput,
  adapter: Adapter | undefined,
  type: MergedType,
): Promise<StreamedFile[]> {
  const { folder, quant } = input;
  const merged = mergedModel({ config: folder.config, tensors: folder.tensors, quant }, adapter);
  const tensors = merged.tensors.map((tensor) => asStored(tensor, TYPES[type].dtype));
  const json = (name: string, value: unknown) => wholeFile(name, `${JSON.stringify(value, undefined, 2)}\n`);
  const { config, generation } = folder.settings;
  return [
    json('config.json', {
      ...inBothSpellings(config, TYPES[type].config),
      ...(merged.isUntied && { tie_word_embeddings: false }),
    }),
    ...(generation ? [json('generation_config.json', generation)] : [json('generation_config.json', endOf(folder))]),
    ...(await tokenizerOf(folder)),
    streamSafetensors('model.safetensors', tensors),
  ];
}

/** What ends a text, where the base had no generation_config.json. */
function endOf({ config: { bos, eos, pad } }: ModelFolder) {
  return { bos_token_id: bos, eos_token_id: eos.length === 1 ? eos[0] : eos, pad_token_id: pad };
}

async function tokenizerOf(folder: ModelFolder): Promise<StreamedFile[]> {
  if (folder.gguf === undefined) {
    const carried = folder.files.filter(({ name, size }) => CARRIED.test(baseName(name)) && size <= MAX_CARRIED_BYTES);
    return Promise.all(carried.map(async (file) => wholeFile(baseName(file.name), await file.read(0, file.size))));
  }
  const parts = await folder.readTokenizerFiles?.();
  if (parts === undefined) return [];
  const { tokenizer, config } = portableTokenizer(parts);
  return [
    wholeFile('tokenizer.json', JSON.stringify(tokenizer)),
    wholeFile('tokenizer_config.json', `${JSON.stringify(config, undefined, 2)}\n`),
  ];
}

/** A tensor as Hugging Face's file of the family holds it: Conv1D lies (in,out). */
function asStored({ spec, rows }: MergedTensor, dtype: 'F16' | 'BF16' | 'F32'): TensorStream {
  const [rowCount = 1, columns = 1] = spec.shape;
  if (!spec.transposed)
    return {
      name: spec.name,
      dtype,
      shape: spec.shape,
      async *chunks() {
        for await (const { values } of rows()) yield encodeRows(dtype, spec.name, values, columns);
      },
    };
  return {
    name: spec.name,
    dtype,
    shape: [columns, rowCount],
    async *chunks() {
      const out = new Float32Array(rowCount * columns);
      for await (const { rowBegin, values } of rows())
        for (let i = 0; i < values.length; i++)
          out[(i % columns) * rowCount + rowBegin + Math.floor(i / columns)] = values[i]!;
      yield encodeRows(dtype, spec.name, out, rowCount);
    },
  };
}
