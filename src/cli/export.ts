// graft export: an adapter as other programs take it, or merged into its base. Needs no GPU.

import { EXPORT_FORMATS, exportAdapter, MERGED_TYPES } from '../engine/export.node.ts';
import { MODEL_FLAGS, readQuant } from './model-flags.ts';
import { expandList, parseFlags, UsageError } from './usage.ts';

const FLAGS = {
  ...MODEL_FLAGS,
  adapter: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
  type: { type: 'string' },
  from: { type: 'string' },
  data: { type: 'string', multiple: true },
  'train-on-prompts': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** Formats that are one file. */
const ONE_FILE: readonly string[] = ['gguf', 'merged-gguf'];

export const exportCommand = {
  summary: 'an adapter for other programs, or merged into its base',
  help: `usage: graft export [--adapter <adapter>] --model <model> --to <format> --out <file or folder> [flags]

  --adapter               a PEFT folder, a folder of mlx-lm or a .gguf adapter; merged formats without one: the base alone
  --model                 its base: a folder, a .gguf file or org/name[@revision]
  --to peft               a folder for Hugging Face PEFT
  --to gguf               one file for llama.cpp: llama-cli -m base.gguf --lora adapter.gguf
  --to mlx                a folder for mlx-lm: mlx_lm.generate --model base --adapter-path adapter-mlx
  --to ollama             a folder with Modelfile and merged model: ollama create my-model -f Modelfile
    --from MODEL          the adapter alone over a base that Ollama has: llama3.2:1b
  --to merged-safetensors a Hugging Face folder of base and adapter in one (transformers, vLLM, mlx-lm)
  --to merged-gguf        the same as one file (llama.cpp, LM Studio)
    --type                f16, bf16, f32 (safetensors) or f16, q8_0, f32 (GGUF)
    --quant, --quant-embeddings   how training stored the base (auto: as the adapter's receipt says, else q8):
                          the adapter is merged into these same stored numbers
  --to cluster            a folder to continue with TRL, PEFT and accelerate on any number of GPUs
    --data FILE…          the rows; --train-on-prompts as in graft train
  --hf-token TOKEN        for gated models; better set in the environment as HF_TOKEN
  --json                  the last line of output is one JSON object`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('export', [...expandList(args, 'data')], FLAGS, { min: 0, max: 0 });
    const [adapter, model, out] = [flags.text('adapter'), flags.required('model'), flags.required('out')];
    flags.required('to');
    const format = flags.choice('to', EXPORT_FORMATS, 'peft');
    if (format === 'cluster' && flags.list('data').length === 0)
      throw new UsageError('Cannot run graft export: found no --data, need the rows that the cluster trains on');
    if (ONE_FILE.includes(format) !== /\.gguf$/i.test(out))
      throw new UsageError(
        `Cannot run graft export: found --out "${out}", need ${ONE_FILE.includes(format) ? 'a name that ends with .gguf' : 'the name of a folder'}`,
      );
    const isTty = process.stderr.isTTY === true;
    const report = await exportAdapter({
      ...{ adapter, model, out, format, from: flags.text('from'), token: flags.text('hf-token') },
      type: flags.choice('type', MERGED_TYPES, 'auto'),
      quant: readQuant(flags),
      data: flags.list('data'),
      completionOnly: !flags.has('train-on-prompts'),
      onBytes(done, total) {
        if (isTty) process.stderr.write(`\rwriting ${Math.floor((100 * done) / total)} %`);
      },
    });
    if (isTty) process.stderr.write('\r\u001b[K');
    for (const notice of report.notices) console.error(notice);
    console.log(flags.has('json') ? JSON.stringify(report) : `wrote ${out}`);
  },
};
