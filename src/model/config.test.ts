import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { FAMILIES } from './families/by-model-type.ts';
import { ropeInverseFrequencies, ropeTurns } from './rope.ts';
import { describeWithShared, sharedJson } from './testing/shared.ts';

type Json = Record<string, unknown>;
const smol: Json = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_act: 'silu',
  hidden_size: 576,
  intermediate_size: 1536,
  max_position_embeddings: 8192,
  num_attention_heads: 9,
  num_hidden_layers: 30,
  num_key_value_heads: 3,
  rms_norm_eps: 1e-5,
  rope_scaling: null,
  rope_theta: 100000,
  sliding_window: null,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  vocab_size: 49152,
  bos_token_id: 1,
  eos_token_id: 2,
  pad_token_id: 2,
};

describe('parseConfig()', () => {
  it('reads the spelling of the Hub', () => {
    expect(parseConfig(smol)).toMatchObject({
      family: 'llama',
      hidden: 576,
      layers: 30,
      heads: 9,
      kvHeads: 3,
      headDim: 64,
      ffn: 1536,
      vocab: 49152,
      normEps: 1e-5,
      ropes: [{ type: 'default', theta: 100000, rotary: 64, amplitude: 1 }],
      tied: true,
      contextTokens: 8192,
      bos: 1,
      eos: [2],
      pad: 2,
      attentionBias: false,
      mlpBias: false,
    });
  });

  it('reads the spelling of transformers 5 as the same model', () => {
    const { rope_theta, rope_scaling, torch_dtype, ...rest } = smol;
    const modern = { ...rest, dtype: torch_dtype, rope_parameters: { rope_type: 'default', rope_theta } };
    expect(parseConfig(modern)).toEqual(parseConfig(smol));
  });

  it('puts the ids of generation_config.json first and keeps each once', () => {
    const config = parseConfig({ ...smol, eos_token_id: [7, 2] }, { eos_token_id: [2, 0] });
    expect(config.eos).toEqual([2, 0, 7]);
    expect(parseConfig({ ...smol, eos_token_id: null, pad_token_id: -1 })).toMatchObject({ eos: [], pad: undefined });
  });

  it('takes heads that are wider than the model, as the tiny Qwen3 of test suites has', () => {
    const tiny = { model_type: 'qwen3', hidden_size: 8, num_attention_heads: 4, num_key_value_heads: 2 };
    const config = parseConfig({ ...smol, ...tiny, architectures: ['Qwen3ForCausalLM'] });
    expect(config).toMatchObject({ hidden: 8, heads: 4, headDim: 128 });
  });

  it('fills in what old files leave out', () => {
    const { num_key_value_heads, rms_norm_eps, rope_theta, tie_word_embeddings, ...old } = smol;
    expect(parseConfig(old)).toMatchObject({ kvHeads: 9, normEps: 1e-6, ropes: [{ theta: 10000 }], tied: false });
  });

  it.each<[string, Json, string]>([
    ['another model type', { model_type: 'xlnet' }, 'found model_type "xlnet", need "llama"'],
    ['no model type', { model_type: undefined }, 'found no model_type, need "llama"'],
    [
      'a classifier',
      { architectures: ['LlamaForSequenceClassification'] },
      'found architectures "LlamaForSequenceClassification"',
    ],
    ['another activation', { hidden_act: 'xielu' }, 'found hidden_act "xielu", need "silu"'],
    ['a sliding window', { sliding_window: 4096 }, 'found sliding_window 4096, need a model without it'],
    ['weights quantised by another tool', { quantization_config: { bits: 4 } }, 'found quantization_config {"bits":4}'],
    [
      'another rope',
      { rope_scaling: { type: 'mrope' } },
      'found rope_scaling.rope_type "mrope", need "default", "linear"',
    ],
    [
      'a rope without its factor',
      { rope_scaling: { type: 'linear' } },
      'found no rope_scaling.factor, need a number above 0',
    ],
    ['a partial rope', { partial_rotary_factor: 0.5 }, 'found partial_rotary_factor 0.5, need 1'],
    ['no size', { hidden_size: undefined }, 'found no hidden_size, need a whole number from 1 to 1048576'],
    ['a huge size', { vocab_size: 2 ** 21 }, 'found vocab_size 2097152'],
    ['a size that is text', { intermediate_size: '1536' }, 'found intermediate_size "1536"'],
    ['too many layers', { num_hidden_layers: 513 }, 'need a whole number from 1 to 512'],
    ['heads that do not divide the hidden size', { num_attention_heads: 7 }, 'found head_dim 82.28'],
    ['an odd head', { head_dim: 63 }, 'need an even number'],
    ['groups that do not fit', { num_key_value_heads: 4 }, 'need a divisor of the 9 attention heads'],
    ['a bad epsilon', { rms_norm_eps: 0 }, 'found rms_norm_eps 0, need a number above 0'],
    ['a bad flag', { tie_word_embeddings: 'yes' }, 'need true or false'],
    ['a bad token id', { eos_token_id: [1, -3] }, 'found eos_token_id [1,-3], need token ids from 0'],
  ])('refuses %s by name', (_, change, message) => {
    expect(() => parseConfig({ ...smol, ...change })).toThrow(RangeError);
    expect(() => parseConfig({ ...smol, ...change })).toThrow(`Cannot open "config.json": found`);
    expect(() => parseConfig({ ...smol, ...change })).toThrow(message);
  });
});

interface RopeGolden {
  name: string;
  hidden: number;
  heads: number;
  context: number;
  rope_parameters: Json;
  inv_freq: number[];
  positions: number[];
  cos: number[][];
  sin: number[][];
}
const ropeGoldens = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'testing/fixtures/rope-golden.json'), 'utf8'),
) as RopeGolden[];
const ropeOf = ({ hidden, heads, context, rope_parameters }: RopeGolden, change: Json = {}) =>
  parseConfig({
    ...smol,
    ...(rope_parameters.rope_type === 'longrope' && { model_type: 'phi3', architectures: ['Phi3ForCausalLM'] }),
    hidden_size: hidden,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    max_position_embeddings: context,
    rope_parameters: { ...rope_parameters, ...change },
  }).ropes[0]!;

describe('ropeInverseFrequencies() and ropeTurns() against transformers', () => {
  it.each(ropeGoldens)('$name: frequencies to the last places of f32', (golden) => {
    const frequencies = ropeInverseFrequencies(ropeOf(golden));
    expect(frequencies).toHaveLength(golden.inv_freq.length);
    // torch's powf may be off by one unit in the last place (2^-23); llama3's blend takes differences of such values.
    const worst = Math.max(...golden.inv_freq.map((want, d) => Math.abs(frequencies[d]! - want) / want));
    expect(worst).toBeLessThan(2 ** -21);
  });

  it.each(ropeGoldens)('$name: cos and sin', (golden) => {
    const turns = ropeTurns(ropeOf(golden), 8192);
    // One unit in the last place of a frequency near 1 moves the angle at position 8191 by up to 8191·2^-24.
    golden.positions.forEach((position, row) => {
      const close = 1e-7 + position * 2 ** -23;
      const differences = golden.cos[row]!.flatMap((want, d) => [
        Math.abs(turns[2 * (d * 8192 + position)]! - want),
        Math.abs(turns[2 * (d * 8192 + position) + 1]! - golden.sin[row]![d]!),
      ]);
      expect(Math.max(...differences)).toBeLessThan(close);
    });
  });

  it('sees another base and a missing scale (control)', () => {
    const llama3 = ropeGoldens.find((golden) => golden.name === 'llama3')!;
    const off = (change: Json) => {
      const frequencies = ropeInverseFrequencies(ropeOf(llama3, change));
      return Math.max(...llama3.inv_freq.map((want, d) => Math.abs(frequencies[d]! - want) / want));
    };
    expect(off({ rope_theta: 500_100 })).toBeGreaterThan(2 ** -14);
    expect(off({ rope_type: 'default' })).toBeGreaterThan(1);
  });
});

describe('parseConfig() on the models of the fixtures', () => {
  const fixtures = path.resolve(import.meta.dirname, '../train/testing/fixtures');
  const read = (file: string) => parseConfig(JSON.parse(readFileSync(path.join(fixtures, file), 'utf8')) as Json);
  const names = readdirSync(fixtures).filter((name) =>
    existsSync(path.join(fixtures, name, 'model/config.modern.json')),
  );
  it.each(names)('%s: the spelling of the Hub and that of transformers 5 are one config', (name) => {
    expect(read(`${name}/model/config.json`)).toEqual(read(`${name}/model/config.modern.json`));
  });
  it('are of every family', () => {
    const families = [...names, 'llama'].map((name) => read(`${name}/model/config.json`).family);
    expect(new Set(families)).toEqual(new Set(FAMILIES.keys()));
  });
});

describe('parseConfig() of other families', () => {
  const fixtures = path.resolve(import.meta.dirname, '../train/testing/fixtures');
  const windowsOf = (fixture: string, change: Json) => {
    const json = JSON.parse(readFileSync(path.join(fixtures, fixture, 'model/config.json'), 'utf8')) as Json;
    // Without these, what transformers takes where a file does not say; undefined in a change takes a field out.
    const { sliding_window, layer_types, max_window_layers, use_sliding_window, ...rest } = json;
    return (parseConfig({ ...rest, ...change }) as { windows?: readonly unknown[] }).windows;
  };
  // As `AutoConfig` of transformers 5.23 has them; `sliding_window` defaults to the same in 4.34 to 4.57.
  it.each<[string, Json, readonly (number | undefined)[]]>([
    ['mistral_wide', {}, [4096, 4096]],
    ['mistral_wide', { sliding_window: null }, [undefined, undefined]],
    ['mistral_wide', { sliding_window: 32768 }, [32768, 32768]],
    ['mistral_wide', { layer_types: ['sliding_attention', 'sliding_attention'] }, [4096, 4096]],
    ['phi3_longrope', {}, [undefined, undefined]],
    ['phi3_longrope', { sliding_window: 2047 }, [2047, 2047]],
    ['qwen2_windows', {}, [undefined, undefined]],
    ['qwen2_windows', { sliding_window: 8 }, [undefined, undefined]],
    ['qwen2_windows', { use_sliding_window: true, max_window_layers: 1 }, [undefined, 4096]],
    ['qwen2_windows', { use_sliding_window: true, max_window_layers: 0, sliding_window: null }, [undefined, undefined]],
    ['qwen2_windows', { use_sliding_window: true, sliding_window: 8 }, [undefined, undefined]],
    ['qwen3_biases', { use_sliding_window: true, max_window_layers: 1 }, [undefined, 4096]],
    ['gemma3_linear', { sliding_window_pattern: 2 }, [4096, undefined]],
    ['gemma3_linear', { sliding_window: 512, sliding_window_pattern: 2 }, [512, undefined]],
  ])('%s with %j has the windows that transformers gives it', (fixture, change, windows) => {
    expect(windowsOf(fixture, change)?.slice(0, 2)).toEqual(windows);
  });

  it.each<[string, Json, string]>([
    [
      'mistral_wide',
      { layer_types: ['full_attention'] },
      'found layer_types ["full_attention"], need "sliding_attention"',
    ],
    ['gemma3_linear', { sliding_window: null }, 'found sliding_window null, need the tokens that most layers see'],
    ['gemma3_linear', { layer_types: ['full_attention'] }, 'found layer_types ["full_attention"], need '],
    ['qwen2_windows', { layer_types: ['linear_attention', 'full_attention'] }, 'found layer_types ["linear_attention"'],
    ['qwen2_windows', { sliding_window: 0 }, 'found sliding_window 0, need a whole number from 1'],
    ['qwen3_biases', { num_experts: 128 }, 'found num_experts 128, need a model without it'],
    ['gemma3_linear', { final_logit_softcapping: 30 }, 'found final_logit_softcapping 30'],
    ['gemma3_linear', { use_bidirectional_attention: true }, 'found use_bidirectional_attention true'],
    ['gemma3_linear', { hidden_activation: 'gelu' }, 'found hidden_activation "gelu", need "gelu_pytorch_tanh"'],
    ['gemma3_linear', { model_type: 'gemma3' }, 'found model_type "gemma3", need "llama"'],
    ['phi3_longrope', { partial_rotary_factor: 0.7 }, 'found partial_rotary_factor 0.7, need an even number'],
    ['phi3_longrope', { rope_scaling: { type: 'longrope', short_factor: [1] } }, 'found no rope_scaling.long_factor'],
    ['gpt2_hub', { activation_function: 'relu' }, 'found activation_function "relu", need "gelu_new"'],
    ['gpt2_hub', { scale_attn_by_inverse_layer_idx: true }, 'found scale_attn_by_inverse_layer_idx true'],
    ['gpt2_hub', { scale_attn_weights: false }, 'found scale_attn_weights false, need true'],
    ['gpt2_hub', { add_cross_attention: true }, 'found add_cross_attention true'],
    ['gpt_neox_sequential', { hidden_act: 'gelu_fast' }, 'found hidden_act "gelu_fast", need "gelu"'],
    ['gpt_neox_sequential', { num_attention_heads: 5 }, 'found head_dim 4.8'],
    ['opt_post_norm', { activation_function: 'gelu' }, 'found activation_function "gelu", need "relu"'],
    ['opt_post_norm', { layer_norm_elementwise_affine: false }, 'found layer_norm_elementwise_affine false, need true'],
    ['bloom_three_heads', { n_head: 7 }, 'found head_dim 3.4'],
    ['bloom_three_heads', { quantization_config: { load_in_8bit: true } }, 'found quantization_config'],
  ])('%s with %j is refused by name', (name, change, message) => {
    const json = JSON.parse(readFileSync(path.join(fixtures, name, 'model/config.json'), 'utf8')) as Json;
    expect(() => parseConfig(json)).not.toThrow();
    expect(() => parseConfig({ ...json, ...change })).toThrow(RangeError);
    expect(() => parseConfig({ ...json, ...change })).toThrow(message);
  });
});

describe('parseConfig() of rope scalings whose frequencies depend on the length of a row', () => {
  it('limits rows to where transformers would change them', () => {
    const dynamic = parseConfig({ ...smol, rope_scaling: { type: 'dynamic', factor: 4 } });
    expect(dynamic).toMatchObject({ maxTokens: 8192, contextTokens: 8192 });
    const factors = Array.from({ length: 32 }, () => 1);
    const longrope = { type: 'longrope', short_factor: factors, long_factor: factors };
    const json = { ...smol, original_max_position_embeddings: 2048, rope_scaling: longrope };
    expect(parseConfig(json)).toMatchObject({ maxTokens: 2048, contextTokens: 2048 });
    expect(parseConfig(smol).maxTokens).toBeUndefined();
  });
});

describeWithShared('parseConfig() on the golden models', 'goldens/llama/model/config.json', () => {
  const read = (model: string, name: string) => parseConfig(sharedJson<Json>(`goldens/${model}/model/${name}`));
  it.each([...FAMILIES.keys()])('%s: both spellings are one config', (model) => {
    expect(read(model, 'config.json')).toEqual(read(model, 'config.legacy.json'));
  });
  it.each(['llama', 'llama_untied', 'llama_rope3'])('%s: sizes by their letters', (model) => {
    expect(read(model, 'config.json')).toEqual(read(model, 'config.legacy.json'));
    expect(read(model, 'config.json')).toMatchObject({
      hidden: 64,
      heads: 4,
      kvHeads: 2,
      headDim: 16,
      tied: model !== 'llama_untied',
    });
  });
  it.each(['t5', 'whisper', 'vit', 'bert'])('%s: refused by its model type', (model) => {
    const json = sharedJson<Json>(`goldens/${model}/model/config.json`);
    expect(() => parseConfig(json)).toThrow(`found model_type "${model}", need "llama"`);
  });
});
