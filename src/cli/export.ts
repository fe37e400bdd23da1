// graft export: an adapter as llama.cpp or mlx-lm take it. Needs no GPU.

import { EXPORT_FORMATS, exportAdapter } from '../engine/export.node.ts';
import { parseFlags, UsageError } from './usage.ts';

const FLAGS = {
  adapter: { type: 'string' },
  model: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
} as const;

export const exportCommand = {
  summary: 'an adapter for llama.cpp or mlx-lm',
  help: `usage: graft export --adapter <PEFT folder> --model <model> --to gguf|mlx --out <file or folder>

  --to gguf   one file: llama-cli -m base.gguf --lora adapter.gguf
  --to mlx    a folder: mlx_lm.generate --model base --adapter-path adapter-mlx
  --model     the adapter's base (folder, .gguf or org/name): its sizes are needed, its weights are not read`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('export', args, FLAGS, { min: 0, max: 0 });
    const [adapter, model, out] = [flags.required('adapter'), flags.required('model'), flags.required('out')];
    flags.required('to');
    const format = flags.choice('to', EXPORT_FORMATS, 'gguf');
    if (format === 'gguf' && !/\.gguf$/i.test(out))
      throw new UsageError(`Cannot run graft export: found --out "${out}", need a name that ends with .gguf`);
    for (const notice of await exportAdapter(adapter, model, format, out)) console.error(notice);
    console.log(`wrote ${out}`);
  },
};
