// config.json in both spellings: transformers 5 has `rope_parameters` and `dtype`; nearly all files on the Hub, and programs
// that read those, have `rope_theta`, `rope_scaling` and `torch_dtype`. mlx-lm reads only the old ones and would take another
// rope in silence, so what Graft writes says everything twice.

import { isObject } from './model-file.ts';

type Json = Readonly<Record<string, unknown>>;

/** `json` with what it says of rope and type in both spellings. `dtype`: of the weights that are written beside it. */
export function inBothSpellings(json: Json, dtype: 'float16' | 'bfloat16' | 'float32'): Json {
  const { quantization_config: _, ...config } = json;
  return { ...config, ...ropes(config), dtype, torch_dtype: dtype };
}

function ropes(json: Json): Json {
  const modern = isObject(json.rope_parameters) ? json.rope_parameters : undefined;
  if (modern === undefined) return modernOf(json);
  if (isObject(modern.full_attention)) {
    const local = isObject(modern.sliding_attention) ? modern.sliding_attention : {};
    return { ...legacyOf(json, modern.full_attention), rope_local_base_freq: local.rope_theta };
  }
  return legacyOf(json, modern);
}

function legacyOf(json: Json, { rope_theta, partial_rotary_factor, ...rest }: Json): Json {
  const type = rest.rope_type ?? rest.type ?? 'default';
  const theta = rope_theta ?? json.rope_theta;
  return {
    ...(theta !== undefined && { rope_theta: theta }),
    rope_scaling: type === 'default' ? null : { ...rest, rope_type: type, type },
    ...(partial_rotary_factor !== undefined && { partial_rotary_factor }),
    ...(json.model_type === 'gpt_neox' && { rotary_pct: partial_rotary_factor, rotary_emb_base: theta }),
  };
}

function modernOf(json: Json): Json {
  const theta = json.rope_theta ?? json.rotary_emb_base;
  if (theta === undefined) return {};
  const scaling = isObject(json.rope_scaling) ? json.rope_scaling : {};
  const { type: _, ...rest } = { ...scaling, rope_type: scaling.rope_type ?? scaling.type ?? 'default' } as Json;
  const partial = json.partial_rotary_factor ?? json.rotary_pct;
  const original = rest.original_max_position_embeddings ?? json.original_max_position_embeddings;
  const rope = {
    ...rest,
    rope_theta: theta,
    ...(partial !== undefined && { partial_rotary_factor: partial }),
    ...(rest.rope_type !== 'default' && original !== undefined && original !== null
      ? { original_max_position_embeddings: original }
      : {}),
  };
  const local = json.rope_local_base_freq;
  if (local === undefined) return { rope_parameters: rope };
  const sliding = { rope_type: 'default', rope_theta: local };
  return { rope_parameters: { full_attention: rope, sliding_attention: sliding } };
}
