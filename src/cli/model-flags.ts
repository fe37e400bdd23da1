// The flags that every command with a model has.

import type { Parsed } from './usage.ts';

export const MODEL_FLAGS = {
  model: { type: 'string' },
  quant: { type: 'string' },
  'quant-embeddings': { type: 'string' },
} as const;

const SCHEMES = ['q8', 'int8-row', 'f32'] as const;

/** Linears and embeddings get the same scheme unless told otherwise. */
export function modelQuant(flags: Parsed) {
  const linears = flags.choice('quant', SCHEMES, 'q8');
  return { linears, embeddings: flags.choice('quant-embeddings', SCHEMES, linears) };
}
