// The flags that every command with a model has.

import { openModelAt, openNodeDevice } from '../engine/node.ts';
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
                            org/name/file.gguf[@revision]; HF_ENDPOINT names another Hub
  --hf-token TOKEN          for gated models; better in the environment, as HF_TOKEN`;

export const SCHEMES = ['q8', 'int8-row', 'nf4', 'nf4-dq', 'f16', 'f32'] as const;

/** Linears and embeddings get the same scheme unless told otherwise. */
function modelQuant(flags: Parsed) {
  const linears = flags.choice('quant', SCHEMES, 'q8');
  return { linears, embeddings: flags.choice('quant-embeddings', SCHEMES, linears) };
}

/** The device and the model of `--model` on it; a download is shown on stderr. */
export async function openFlaggedModel(flags: Parsed) {
  const at = flags.required('model');
  const quant = modelQuant(flags);
  const device = await openNodeDevice();
  const line = downloadLine(process.stderr, at);
  const model = await openModelAt(device, at, quant, { token: flags.text('hf-token'), onDownload: line.update });
  line.end();
  return { device, model };
}
