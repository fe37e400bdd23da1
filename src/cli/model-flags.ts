// The flags that every command with a model has.

import { openModelAt, openNodeDevice, type QuantChoice, quantOf } from '../engine/node.ts';
import { downloadLine } from './download-line.ts';
import type { Parsed } from './usage.ts';

export const MODEL_FLAGS = {
  model: { type: 'string' },
  'hf-token': { type: 'string' },
  quant: { type: 'string' },
  'quant-embeddings': { type: 'string' },
} as const;

/** For the help of every command with a model. */
export const MODEL_HELP = `  --model                   a folder, a .gguf file, or a model of the Hugging Face Hub: org/name[@revision] or
                            org/name/file.gguf[@revision]; HF_ENDPOINT selects another Hub
  --hf-token TOKEN          for gated models; better set in the environment as HF_TOKEN
  --quant auto|q8|int8-row|nf4|nf4-dq|f16|f32   how the linears are stored (auto: q8, or nf4-dq when memory is short)
  --quant-embeddings SCHEME                     embedding and head (as --quant; q8 with nf4)`;

export const SCHEMES = ['q8', 'int8-row', 'nf4', 'nf4-dq', 'f16', 'f32'] as const;

/** What --quant and --quant-embeddings say; 'auto' when neither says anything. */
export function readQuant(flags: Parsed): QuantChoice | 'auto' {
  const linears = flags.choice('quant', [...SCHEMES, 'auto'], 'auto');
  const embeddings = flags.text('quant-embeddings');
  if (linears === 'auto' && embeddings === undefined) return 'auto';
  const choice = quantOf(linears === 'auto' ? 'q8' : linears);
  return { ...choice, embeddings: flags.choice('quant-embeddings', SCHEMES, choice.embeddings) };
}

/** `all-linear`, or names with commas between. */
export function readTargets(flags: Parsed): 'all-linear' | readonly string[] {
  const targets = flags.text('targets') ?? 'all-linear';
  return targets === 'all-linear' ? targets : targets.split(',').map((t) => t.trim());
}

/** The device and the model of `--model` on it; a download is shown on stderr. */
export async function openFlaggedModel(flags: Parsed) {
  const at = flags.required('model');
  const quant = readQuant(flags);
  const device = await openNodeDevice();
  const line = downloadLine(process.stderr, at);
  const model = await openModelAt(device, at, quant, { token: flags.text('hf-token'), onDownload: line.update });
  line.end();
  if (model.weights.notKept) process.stderr.write(`${model.weights.notKept}; goes on without\n`);
  return { device, model };
}
