import { describe, expect, it } from 'vitest';
import { describeWithShared, sharedJson } from '../model/testing/shared.ts';
import { DEFAULT_LORA, parseLoraConfig, writeLoraConfig } from './lora-config.ts';

describe('parseLoraConfig()', () => {
  it('takes PEFT’s defaults for everything but the type', () => {
    expect(parseLoraConfig({ peft_type: 'LORA' })).toEqual({ config: DEFAULT_LORA, notices: [] });
  });

  it('keeps unknown keys and reports them, and keeps known ones without effect quietly', () => {
    const { config, notices } = parseLoraConfig({ peft_type: 'LORA', peft_version: '0.30', new_trick: 1, other: 2 });
    expect(config.other).toEqual({ peft_version: '0.30', new_trick: 1, other: 2 });
    expect(notices).toHaveLength(2);
    expect(notices[0]).toBe('"new_trick" in adapter_config.json is not known here and has no effect');
  });

  it.each<[string, unknown, string]>([
    ['peft_type', 'IA3', 'found peft_type "IA3", need "LORA"'],
    ['peft_type', undefined, 'found no peft_type'],
    ['bias', 'some', 'found bias "some", need "none", "all" or "lora_only"'],
    ['use_dora', 1, 'found use_dora 1, need true or false'],
    ['modules_to_save', 'lm_head', 'found modules_to_save "lm_head", need names of modules'],
    ['target_parameters', ['experts.w'], 'found target_parameters'],
    ['trainable_token_indices', { embed_tokens: [5, 5] }, 'found trainable_token_indices'],
    ['layer_replication', [[0, 2]], 'found layer_replication'],
    ['alora_invocation_tokens', [1], 'found alora_invocation_tokens'],
    ['use_qalora', true, 'found use_qalora'],
    ['task_type', 'SEQ_CLS', 'found task_type "SEQ_CLS"'],
    ['init_lora_weights', 'pissa_niter_4', 'found init_lora_weights "pissa_niter_4", need an adapter converted'],
    ['init_lora_weights', 'olora', 'found init_lora_weights "olora"'],
    ['init_lora_weights', 3, 'need true, false or a name'],
    ['r', 0, 'found r 0, need a whole number from 1'],
    ['r', '8', 'found r "8"'],
    ['lora_alpha', 'x', 'found lora_alpha "x", need a number'],
    ['lora_dropout', 1, 'found lora_dropout 1, need a number from 0 to below 1'],
    ['target_modules', [1], 'found target_modules [1], need names'],
    ['rank_pattern', { q_proj: 0 }, 'found rank_pattern "q_proj" 0'],
    ['rank_pattern', [1], 'found rank_pattern [1], need numbers by pattern'],
    ['layers_to_transform', [-1], 'found layers_to_transform [-1]'],
    ['layers_pattern', 'h', 'need layers_to_transform beside it'],
    ['use_rslora', 1, 'found use_rslora 1, need true or false'],
  ])('refuses %s = %j by name', (key, value, message) => {
    const parse = () => parseLoraConfig({ peft_type: 'LORA', [key]: value });
    expect(parse).toThrow(RangeError);
    expect(parse).toThrow('Cannot read "adapter_config.json": found ');
    expect(parse).toThrow(message);
  });

  it('refuses what PEFT does not do together', () => {
    const parse = (json: object) => () => parseLoraConfig({ peft_type: 'LORA', ...json });
    expect(parse({ lora_bias: true, use_dora: true })).toThrow('need it without use_dora');
    expect(parse({ lora_bias: true, init_lora_weights: 'gaussian' })).toThrow('need init_lora_weights true or false');
    expect(parse({ modules_to_save: ['embed_tokens'], trainable_token_indices: [1] })).toThrow('not in both');
  });

  it('refuses layers with a regular expression, as PEFT does', () => {
    const parse = () => parseLoraConfig({ peft_type: 'LORA', target_modules: '.*q_proj', layers_to_transform: [0] });
    expect(parse).toThrow('need a list of names when layers are chosen');
  });

  it('accepts empty values of features that are refused (control)', () => {
    const empty = {
      use_dora: false,
      modules_to_save: [],
      target_parameters: null,
      loftq_config: {},
      layer_replication: null,
    };
    expect(parseLoraConfig({ peft_type: 'LORA', ...empty, init_lora_weights: 'gaussian' }).notices).toEqual([]);
  });
});

describe('writeLoraConfig()', () => {
  it('writes the old core of keys, sorted, in two spaces', () => {
    const text = writeLoraConfig({
      ...DEFAULT_LORA,
      target_modules: ['q_proj'],
      rank_pattern: { b: 2, a: 1 },
      other: { x: 1 },
    });
    expect(Object.keys(JSON.parse(text))).toEqual([
      'alpha_pattern',
      'base_model_name_or_path',
      'bias',
      'exclude_modules',
      'fan_in_fan_out',
      'inference_mode',
      'init_lora_weights',
      'layers_pattern',
      'layers_to_transform',
      'lora_alpha',
      'lora_dropout',
      'modules_to_save',
      'peft_type',
      'r',
      'rank_pattern',
      'target_modules',
      'task_type',
      'use_dora',
      'use_rslora',
    ]);
    expect(text).toContain('  "rank_pattern": {\n    "a": 1,\n    "b": 2\n  },\n');
    expect(JSON.parse(text)).toMatchObject({ inference_mode: true, modules_to_save: null, use_dora: false });
  });

  it('writes what parseLoraConfig() reads back', () => {
    const config = {
      ...DEFAULT_LORA,
      r: 3,
      lora_alpha: 1.5,
      target_modules: '.*q_proj',
      use_rslora: true,
      alpha_pattern: { q: 2 },
      bias: 'lora_only' as const,
      lora_bias: true,
      modules_to_save: ['lm_head'],
      trainable_token_indices: { embed_tokens: [3, 1] },
    };
    const { other, ...core } = parseLoraConfig(JSON.parse(writeLoraConfig(config))).config;
    expect({ ...core, other: {} }).toEqual(config);
    expect(Object.keys(other)).toEqual(['inference_mode']);
  });
});

describeWithShared('parseLoraConfig() on reference adapters', 'goldens/llama_variants', () => {
  it.each([
    'rslora',
    'rank_pattern',
    'layers_to_transform',
    'regex',
    'exclude_modules',
    'gaussian',
    'init_default',
    'loraplus',
    'dora',
    'modules_to_save',
    'lora_bias',
    'train_tokens',
    'gpt2_bias_lora_only',
  ])('%s is read', (name) => {
    expect(parseLoraConfig(sharedJson(`goldens/llama_variants/${name}/adapter/adapter_config.json`)).notices).toEqual(
      [],
    );
  });
  it.each([
    ['pissa', 'init_lora_weights'],
    ['olora', 'init_lora_weights'],
  ])('%s is refused for its %s', (name, key) => {
    expect(() => parseLoraConfig(sharedJson(`goldens/llama_variants/${name}/adapter/adapter_config.json`))).toThrow(
      `found ${key} `,
    );
  });
});
