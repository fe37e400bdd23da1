// Prompt tuning (Lester et al. 2021, "The Power of Scale for Parameter-Efficient Prompt Tuning"): rows of the embedding's width
// that stand before every text as if they were tokens, and are all that is trained. Names, shapes and starts are PEFT's.
//
//   prompt_embeddings (n, hidden)      columns   p₀ p₁ … pₙ₋₁ | the row's own tokens       positions from 0, n, n+1, …
//
// On the device virtual token j has id V + j, one beyond the vocabulary: the pass puts row j in the place of what the table
// gives for it. Rows get these ids before they are laid into batches (train/soft-prompt.ts).

import type { Graph, Value } from '../../gpu/graph.ts';
import { tokenRows } from '../../gpu/kernels/token-rows.ts';
import type { EmbeddingCall } from '../../model/layers.ts';
import { bad, type Json, moduleNames, refuseClassifier, size, text } from '../config-fields.ts';

export const PROMPT_INITS = ['RANDOM', 'SAMPLE_VOCAB', 'TEXT'] as const;
export type PromptInit = (typeof PROMPT_INITS)[number];

export interface PromptTuningConfig {
  readonly peft_type: 'PROMPT_TUNING';
  readonly task_type: string | null;
  readonly base_model_name_or_path: string | null;
  readonly num_virtual_tokens: number;
  /** Width of the embedding, and figures of the base that PEFT writes beside it. */
  readonly token_dim: number | null;
  readonly num_layers: number | null;
  readonly num_attention_heads: number | null;
  readonly num_transformer_submodules: number | null;
  /** How it began: normal numbers, rows of tokens drawn at random, or those of a text. */
  readonly prompt_tuning_init: PromptInit;
  readonly prompt_tuning_init_text: string | null;
  readonly tokenizer_name_or_path: string | null;
  /** Everything else that the file said; without effect, and not written again. */
  readonly other: Readonly<Record<string, unknown>>;
}

/** PEFT's defaults: what a key that is absent means. 20 tokens are its documentation's usual number. */
export const DEFAULT_PROMPT: PromptTuningConfig = {
  peft_type: 'PROMPT_TUNING',
  task_type: null,
  base_model_name_or_path: null,
  num_virtual_tokens: 20,
  token_dim: null,
  num_layers: null,
  num_attention_heads: null,
  num_transformer_submodules: 1,
  prompt_tuning_init: 'RANDOM',
  prompt_tuning_init_text: null,
  tokenizer_name_or_path: null,
  other: {},
};

/** Longer prompts than any context that people train on are a mistake. */
export const MOST_VIRTUAL_TOKENS = 4096;

export interface PromptShape {
  /** Of the token embedding. */
  readonly path: string;
  /** n */
  readonly count: number;
  readonly columns: number;
  /** V: the id of the first virtual token. */
  readonly firstId: number;
}

export interface SoftPrompt extends PromptShape {
  /** (count, columns) row-major. */
  readonly rows: Float32Array;
}

/** Reads adapter_config.json, or the config of a prompt to be made (`isNew`). Throws a RangeError by field. */
export function parsePromptConfig(json: Json, { isNew = false } = {}): PromptTuningConfig {
  if (json.peft_type !== 'PROMPT_TUNING') throw bad('peft_type', json.peft_type, '"PROMPT_TUNING"');
  refuseClassifier(json);
  const saved = moduleNames(json.modules_to_save ?? null);
  if (saved !== null) throw bad('modules_to_save', saved, 'a prompt alone');
  const parts = json.num_transformer_submodules ?? 1;
  if (parts !== 1) throw bad('num_transformer_submodules', parts, '1: a decoder');
  const init = PROMPT_INITS.find((name) => name === (json.prompt_tuning_init ?? 'RANDOM'));
  if (init === undefined) throw bad('prompt_tuning_init', json.prompt_tuning_init, `one of ${PROMPT_INITS.join(', ')}`);
  const config: PromptTuningConfig = {
    peft_type: 'PROMPT_TUNING',
    task_type: text(json, 'task_type'),
    base_model_name_or_path: text(json, 'base_model_name_or_path'),
    num_virtual_tokens: size('num_virtual_tokens', json.num_virtual_tokens, MOST_VIRTUAL_TOKENS),
    token_dim: figure(json, 'token_dim'),
    num_layers: figure(json, 'num_layers'),
    num_attention_heads: figure(json, 'num_attention_heads'),
    num_transformer_submodules: 1,
    prompt_tuning_init: init,
    prompt_tuning_init_text: text(json, 'prompt_tuning_init_text'),
    tokenizer_name_or_path: text(json, 'tokenizer_name_or_path'),
    other: Object.fromEntries(
      Object.entries(json).filter(([key]) => !Object.hasOwn(DEFAULT_PROMPT, key) && !WITHOUT_EFFECT.includes(key)),
    ),
  };
  if (isNew && init === 'TEXT' && !config.prompt_tuning_init_text?.trim())
    throw bad('prompt_tuning_init_text', config.prompt_tuning_init_text, 'the text that "TEXT" begins with');
  return config;
}

/** Keys of PEFT that say how it began, or nothing. */
const WITHOUT_EFFECT = ['tokenizer_kwargs', 'modules_to_save'];

function figure(json: Json, key: string): number | null {
  const value = json[key] ?? null;
  return value === null ? null : size(key, value, 2 ** 31);
}

/** Where the prompt stands: at the token embedding, [width, rows of the table] by path. */
export function placePrompt(
  { num_virtual_tokens: count, token_dim }: PromptTuningConfig,
  embeddings: ReadonlyMap<string, readonly [number, number]>,
): PromptShape {
  const [first] = embeddings;
  if (first === undefined) throw new RangeError('Cannot place the prompt: found no token embedding, need one');
  const [path, [columns, firstId]] = first;
  if (token_dim !== null && token_dim !== columns)
    throw new RangeError(
      `Cannot place the prompt: found token_dim ${token_dim}, need ${columns}, the width of "${path}" (is it another base?)`,
    );
  return { path, count, columns, firstId };
}

/** Ids of the virtual tokens, beyond the vocabulary. */
export function virtualIds({ count, firstId }: PromptShape): Int32Array {
  return Int32Array.from({ length: count }, (_, j) => firstId + j);
}

/** The embedding's result with the prompt's rows at the virtual tokens; they are not scaled as the table's are. */
export function promptColumns(
  g: Graph,
  x: Value,
  { ids }: EmbeddingCall,
  prompt: { readonly rows: Value; readonly tokens: Value; readonly strength?: Value | undefined },
): Value {
  return tokenRows(g, x, ids, prompt);
}

/** PEFT's way with a text that is not as long as the prompt: repeated, and cut. */
export function repeatToLength(ids: readonly number[], count: number): number[] {
  if (ids.length === 0)
    throw new RangeError('Cannot begin the prompt: found a text without a token, need at least one');
  return Array.from({ length: count }, (_, i) => ids[i % ids.length]!);
}
