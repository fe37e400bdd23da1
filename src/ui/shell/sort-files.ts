// What was dropped: a base model, an adapter, a dataset, or something Graft cannot use. By names alone.
import { isWeights, PYTORCH_NAMES } from '../../engine/protocol.ts';

export type Dropped =
  | { readonly kind: 'model'; readonly files: readonly File[] }
  | { readonly kind: 'adapter'; readonly files: readonly File[] }
  | { readonly kind: 'recipe'; readonly file: File }
  | { readonly kind: 'data'; readonly files: readonly File[] }
  | { readonly kind: 'unknown'; readonly reason: string };

export const DATA_ENDINGS = [
  '.jsonl',
  '.ndjson',
  '.json',
  '.csv',
  '.tsv',
  '.parquet',
  '.txt',
  '.md',
  '.markdown',
] as const;
const ADAPTER_FILES = [
  'adapter_config.json',
  'adapter_model.safetensors',
  'adapter_model.bin',
  'adapter.safetensors',
  'pytorch_adapter.bin',
];

const ends = (file: File, endings: readonly string[]) => endings.some((e) => file.name.toLowerCase().endsWith(e));

export function sortFiles(all: readonly File[]): Dropped {
  const files = all.filter((file) => !file.name.startsWith('.'));
  const names = new Set(files.map((file) => file.name));
  if (files.length === 0) return { kind: 'unknown', reason: 'Cannot use an empty folder: found no files in it' };
  if (ADAPTER_FILES.some((name) => names.has(name))) return { kind: 'adapter', files };
  if (files.length === 1 && ends(files[0]!, ['.zip'])) return { kind: 'adapter', files };
  if (files.some((file) => ends(file, ['.gguf']))) return { kind: 'model', files };
  const hasWeights = files.some((file) => ends(file, ['.safetensors']) || isWeights(PYTORCH_NAMES, file.name));
  if (hasWeights && names.has('config.json')) return { kind: 'model', files };
  if (hasWeights) {
    return {
      kind: 'unknown',
      reason: 'Cannot open these weights alone: drop the whole folder, with config.json and tokenizer.json',
    };
  }
  if (files.length === 1 && ends(files[0]!, ['recipe.json'])) return { kind: 'recipe', file: files[0]! };
  const data = files.filter((file) => ends(file, DATA_ENDINGS));
  if (data.length > 0) return { kind: 'data', files: data };
  return {
    kind: 'unknown',
    reason: `Cannot use "${files[0]!.name}": a dataset (${DATA_ENDINGS.join(', ')}), a model folder, a .gguf file or an adapter is needed`,
  };
}
