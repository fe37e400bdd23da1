// The linears of the tiny Llama that the fixtures were made on.

import { parseConfig } from '../../model/config.ts';
import { modelParts } from '../../model/model-parts.ts';
import type { LinearShapes } from '../adapter.ts';

export const TINY_LINEARS: LinearShapes = modelParts(
  parseConfig({
    model_type: 'llama',
    hidden_size: 64,
    intermediate_size: 128,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    num_hidden_layers: 2,
    vocab_size: 512,
  }),
).linears;
