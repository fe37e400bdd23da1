// An adapter for llama.cpp (one .gguf file) → the PEFT folder that says the same: gguf.ts backwards.
//
//   blk.0.attn_q.weight.lora_a   (r, in)    A as it is
//   blk.0.attn_q.weight.lora_b   (out, r)   B with its rows in llama.cpp's order; they are put back
//   output.weight.lora_a, _b                the same of the head
//   token_embd.weight.lora_a     (vocab, r) A of the embedding, transposed
//
// llama.cpp multiplies by alpha / r, r of each tensor; an alpha of 0 means no scaling at all.

import type { ModelConfig } from '../../model/config.ts';
import { FAMILIES } from '../../model/families/by-model-type.ts';
import { type Architecture, architectureOf } from '../../model/gguf/architectures.ts';
import { type GgufValue, readGgufHeader } from '../../model/gguf/read-header.ts';
import { baseName, type ModelFile } from '../../model/model-file.ts';
import type { Head, ModelParts } from '../../model/model-parts.ts';
import { readTensor } from '../../model/read-tensor.ts';
import type { TensorInfo } from '../../model/safetensors.ts';
import { type ForeignModule, peftFilesOf } from './foreign-adapter.ts';
import { transpose } from './transpose.ts';

type Header = ReadonlyMap<string, GgufValue>;
interface Pair {
  a?: TensorInfo;
  b?: TensorInfo;
}

/** Values without effect on what the adapter computes. */
const HARMLESS = /^general\.|^adapter\.(type$|lora\.(alpha|task_name|prompt_prefix)$)|^tokenizer\./;

/** Throws an Error that names the value or the tensor that does not fit this base. */
export async function readGgufAdapter(
  file: ModelFile,
  base: ModelConfig,
  { linears, embeddings, head }: Pick<ModelParts, 'linears' | 'embeddings' | 'head'>,
): Promise<{ readonly files: ModelFile[]; readonly notices: string[] }> {
  const { metadata, tensors } = await readGgufHeader(file);
  const bad = (found: string, need: string) =>
    new RangeError(`Cannot read the adapter "${baseName(file.name)}": found ${found}, need ${need}`);
  const entry = checkHeader(metadata, base, bad);
  const orders =
    entry.rowOrders?.({ hidden_size: base.hidden, num_attention_heads: base.heads, head_dim: base.headDim }) ?? {};
  // Where they are one matrix, llama.cpp can use neither: see gguf.ts.
  const outside = new Map(
    head.isTied
      ? []
      : [
          ['output', head.path],
          ['token_embd', entry.outside.token_embd!],
        ],
  );
  const paths = [...embeddings.keys(), ...linears.keys(), head.path];
  const pairs = new Map<string, Pair & { path: string; stem: string }>();
  const norms = tensors.filter(({ name }) => NORM.test(name));
  for (const info of tensors) {
    if (norms.includes(info)) continue;
    const [, block, stem = '', factor] = /^(?:blk\.(\d+)\.)?(\w+)\.weight\.lora_([ab])$/.exec(info.name) ?? [];
    const rest = Object.hasOwn(entry.inside, stem) ? entry.inside[stem] : undefined;
    const path = block === undefined ? outside.get(stem) : rest && `${entry.blocks}.${Number(block)}.${rest}`;
    if (path === undefined || !paths.includes(path)) throw bad(`tensor "${info.name}"`, needFor(info.name, head));
    const pair = pairs.get(path) ?? { path, stem };
    pair[factor as 'a' | 'b'] = info;
    pairs.set(path, pair);
  }
  if (pairs.size === 0) throw bad('no tensors', 'A and B of at least one linear');
  const alpha = metadata.get('adapter.lora.alpha') ?? 0;
  if (typeof alpha !== 'number' || !Number.isFinite(alpha)) throw bad(`alpha ${alpha}`, 'a number');
  const modules: ForeignModule[] = [];
  for (const path of paths) {
    const pair = pairs.get(path);
    if (pair === undefined) continue;
    const { a, b } = pair;
    const isEmbedding = embeddings.has(path);
    const r = b?.shape[1];
    if (!a || !b || !r || a.shape.length !== 2 || a.shape[isEmbedding ? 1 : 0] !== r)
      throw bad(
        `"${(a ?? b)!.name}" without its other factor of the same rank`,
        isEmbedding ? 'lora_a (vocab, r) and lora_b (width, r)' : 'lora_a (r, in) and lora_b (out, r)',
      );
    const storedRow = orders[pair.stem];
    const values = await readTensor({ ...b, ...(storedRow && { storedRow }) });
    const stored = await readTensor(a);
    const own = isEmbedding ? transpose(stored, a.shape[0]!, r) : stored;
    modules.push({ path, r, alpha: alpha === 0 ? r : alpha, a: own, b: values, ...(isEmbedding && { isEmbedding }) });
  }
  const files = peftFilesOf(modules, linears, { fanInFanOut: FAMILIES.get(base.family)?.fanInFanOut });
  return { files, notices: [...noticesOf(metadata), ...norms.map(unusedNorm)] };
}

/** As in llama.cpp, whose converter takes trained norms over and whose loader passes them by. */
const NORM = /_norm\.weight$/;
const unusedNorm = ({ name }: TensorInfo) =>
  `"${name}" is a norm, which llama.cpp passes by in an adapter; so does Graft`;

/** llama.cpp refuses what is neither, and what its model has no matrix for. */
function needFor(name: string, head: Head): string {
  const linears = 'A and B of linears in the blocks of this base';
  if (!/^(token_embd|output)\./.test(name)) return `${linears}, as llama.cpp does`;
  return head.isTied ? `${linears}: its head is its embedding, and llama.cpp has no LoRA for either` : linears;
}

function checkHeader(
  metadata: Header,
  base: ModelConfig,
  bad: (found: string, need: string) => RangeError,
): Architecture {
  const type = metadata.get('general.type');
  if (type !== 'adapter') throw bad(`general.type ${JSON.stringify(type ?? 'model')}`, '"adapter"');
  const kind = metadata.get('adapter.type');
  if (kind !== 'lora') throw bad(`adapter.type ${JSON.stringify(kind)}`, '"lora"');
  const unknown = [...metadata.keys()].find((key) => key.startsWith('adapter.') && !HARMLESS.test(key));
  if (unknown !== undefined) throw bad(`"${unknown}"`, 'a plain LoRA adapter without it');
  const found = architectureOf(base.family);
  if (found === undefined) throw bad(`a base of "${base.family}"`, "one of llama.cpp's");
  const [architecture, entry] = found;
  const named = metadata.get('general.architecture');
  if (named !== architecture)
    throw bad(`one for ${JSON.stringify(named)}`, `one for "${architecture}", as this base is called in llama.cpp`);
  return entry;
}

function noticesOf(metadata: Header): string[] {
  return ['adapter.lora.task_name', 'adapter.lora.prompt_prefix']
    .filter((key) => metadata.has(key))
    .map((key) => `"${key}" in the file has no effect here`);
}
