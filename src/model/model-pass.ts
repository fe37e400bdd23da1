// A model's forward pass on a graph, and the tables that it reads beside the weights. Needs to know how weights lie, not the
// weights themselves: an opened base builds it to run, a plan builds it to count.

import type { Graph, Value } from '../gpu/graph.ts';
import type { ColumnChoice } from '../gpu/kernels/gather-columns.ts';
import type { ModelConfig } from './config.ts';
import { FAMILIES } from './families/by-model-type.ts';
import { type Adapt, Layers, type WeightLayout } from './layers.ts';
import type { ModelInputs } from './model-inputs.ts';
import type { ModelParts } from './model-parts.ts';

/** What a graph of a model's pass is built from. */
export interface PassModel {
  readonly config: ModelConfig;
  readonly parts: Pick<ModelParts, 'head'>;
  /**
   * Adds the forward pass to a graph: hidden states (C,T) after the final norm, and `head`, which makes logits of some of their
   * columns (`at`: which, when not all). `positions`: longest row.
   */
  build(
    g: Graph,
    inputs: ModelInputs,
    positions: number,
    adapt?: Adapt,
  ): { readonly hidden: Value; readonly head: (x: Value, at?: ColumnChoice) => Value };
}

/** Rope tables grow in steps of this many positions. */
const POSITION_STEP = 256;

export function tablePositions(positions: number): number {
  return Math.ceil(positions / POSITION_STEP) * POSITION_STEP;
}

/** Bytes of the rope tables for rows of so many positions; programs of several lengths have tables of each. */
export function tableBytes({ ropes }: ModelConfig, ...positions: readonly number[]): number {
  const sizes = [...new Set(positions.map(tablePositions))];
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  return ropes.reduce((sum, { rotary }) => sum + 2 * 4 * (rotary / 2) * rows, 0);
}

/** Throws a RangeError when the model has no positions for rows of so many tokens. */
export function checkTokens({ maxTokens, family }: ModelConfig, tokens: number): void {
  if (maxTokens !== undefined && tokens > maxTokens)
    throw new RangeError(`Cannot use rows of ${tokens} tokens: this "${family}" has positions for ${maxTokens}`);
}

export interface PassParts {
  readonly config: ModelConfig;
  readonly parts: Pick<ModelParts, 'head'>;
  readonly layout: WeightLayout;
  readonly inputs: ModelInputs;
  /** Of the longest row. */
  readonly positions: number;
  readonly adapt?: Adapt | undefined;
}

export function buildPass(
  g: Graph,
  { config, parts, layout, inputs, positions, adapt }: PassParts,
): ReturnType<PassModel['build']> {
  checkTokens(config, positions);
  const family = FAMILIES.get(config.family)!;
  const layers = new Layers(g, config, inputs, layout, tablePositions(positions), adapt);
  const hidden = family.hidden(layers, config);
  const matrix = family.head(layers, config);
  return { hidden, head: (x, at) => layers.head(parts.head.path, x, matrix, at) };
}
