// What a family tells the rest: its forward pass, its head, and where adapters can sit. One file a family.

import type { Value } from '../../gpu/graph.ts';
import type { Weight } from '../../gpu/weight.ts';
import type { ModelConfig } from '../config.ts';
import type { Layers } from '../layers.ts';

export interface Family {
  /** Hidden states (C,T) after the final norm. */
  hidden(m: Layers, config: ModelConfig): Value;
  /** The matrix (V,C) that turns hidden states into logits. */
  head(m: Layers, config: ModelConfig): Weight;
  /** Every linear that an adapter can sit on, by Hugging Face path in the order of the forward pass: [out, in] features. */
  linears(config: ModelConfig): Map<string, readonly [number, number]>;
}
