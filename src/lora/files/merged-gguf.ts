// A base with its adapter merged in, as one GGUF file that llama.cpp, Ollama and LM Studio open: F16, or Q8_0, whose codes are
// those of the merged numbers.

import type { GgufValue } from '../../model/gguf/read-header.ts';
import { tokenizerMetadata } from '../../model/gguf/tokenizer-metadata.ts';
import type { GgufMetadata, TypedValue } from '../../model/gguf/write-gguf.ts';
import { type GgufType, ggufModel } from '../../model/gguf/write-model.ts';
import type { ModelFolder } from '../../model/model-folder.ts';
import type { StreamedFile } from '../../model/streamed-file.ts';
import type { Adapter } from '../adapter.ts';
import { mergedModel } from '../merged-weights.ts';
import type { MergeInput } from './merged-folder.ts';

/** `name`: of the model, in the file. Without an adapter: the base itself. Throws what llama.cpp has no place for, by name. */
export async function mergedGguf(
  { folder, quant }: MergeInput,
  adapter: Adapter | undefined,
  type: GgufType,
  name: string,
  fileName: string,
): Promise<{ readonly file: StreamedFile; readonly notices: readonly string[] }> {
  const { licence } = folder;
  const { config, tensors } = mergedModel({ config: folder.config, tensors: folder.tensors, quant }, adapter);
  return ggufModel({ config, name, licence, tensors, tokenizer: await tokenizerOf(folder) }, type, fileName);
}

/** A tokenizer that came from GGUF goes back as it was. */
async function tokenizerOf({ gguf, config, readTokenizerFiles }: ModelFolder): Promise<GgufMetadata | undefined> {
  if (gguf !== undefined) {
    const values = [...gguf].filter(([key]) => key.startsWith('tokenizer.'));
    return values.length === 0 ? undefined : Object.fromEntries(values.map(([key, value]) => [key, typed(value)]));
  }
  if (readTokenizerFiles === undefined) return undefined;
  return tokenizerMetadata({ ...(await readTokenizerFiles()), eos: config.eos }, config.vocab);
}

function typed(value: GgufValue): TypedValue {
  if (typeof value === 'string') return { type: 'text', value };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') return { type: !Number.isInteger(value) ? 'f32' : value < 0 ? 'i32' : 'u32', value };
  if (value instanceof Float32Array || value instanceof Float64Array) return { type: 'f32s', value };
  if (value instanceof Uint32Array || value instanceof Uint16Array || value instanceof Uint8Array)
    return { type: 'u32s', value };
  if (Array.isArray(value) && typeof value[0] === 'string') return { type: 'texts', value };
  return { type: 'i32s', value: Array.from(value as Iterable<number | boolean>, Number) };
}
