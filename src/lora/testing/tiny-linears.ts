// The linears, and all that an adapter can sit on, of the tiny Llama that the fixtures were made on.

import { parseConfig } from '../../model/config.ts';
import { modelParts } from '../../model/model-parts.ts';
import type { LinearShapes } from '../adapter.ts';
import type { Sites } from '../place-adapter.ts';

export const TINY_PARTS = modelParts(
  parseConfig({
    model_type: 'llama',
    hidden_size: 64,
    intermediate_size: 128,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    num_hidden_layers: 2,
    vocab_size: 512,
  }),
);
export const TINY_LINEARS: LinearShapes = TINY_PARTS.linears;
/** Without the defaults of its family. */
export const TINY_SITES: Sites = { ...TINY_PARTS, defaultTargets: undefined };
