import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeWithShared, sharedJson } from '../model/testing/shared.ts';
import { DEFAULT_LORA, type LoraConfig, parseLoraConfig } from './lora-config.ts';
import { resolveTargets } from './match-targets.ts';
import { pythonRegExp } from './python-regexp.ts';
import { TINY_LINEARS } from './testing/tiny-linears.ts';

interface Golden {
  config: Record<string, unknown>;
  modules: Record<string, { r: number; alpha: number; scaling: number; in_features: number; out_features: number }>;
}
const goldens = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'testing/fixtures/targets.json'), 'utf8'),
) as Record<string, Golden>;

/** [path, r, alpha, scaling], in one order. */
const rows = (entries: Iterable<[string, { r: number; alpha: number; scaling: number }]>) =>
  [...entries].map(([name, { r, alpha, scaling }]) => [name, r, alpha, scaling]).sort();
const resolve = (change: Partial<LoraConfig>, paths: Iterable<string> = TINY_LINEARS.keys(), defaults?: string[]) => [
  ...resolveTargets({ ...DEFAULT_LORA, ...change }, paths, defaults).keys(),
];

describe('resolveTargets() against PEFT', () => {
  it.each(Object.entries(goldens))(
    '%s: the same modules with the same r, alpha and scaling',
    (_, { config, modules }) => {
      const resolved = resolveTargets(parseLoraConfig(config).config, TINY_LINEARS.keys());
      expect(rows(resolved)).toEqual(rows(Object.entries(modules)));
      for (const [name, { in_features, out_features }] of Object.entries(modules)) {
        expect(TINY_LINEARS.get(name)).toEqual([out_features, in_features]);
      }
    },
  );
  it('sees a change of the config (control)', () => {
    const { config, modules } = goldens.rank_pattern!;
    const changed = { ...config, alpha_pattern: { down_proj: 15, v_proj: 3 } };
    expect(rows(resolveTargets(parseLoraConfig(changed).config, TINY_LINEARS.keys()))).not.toEqual(
      rows(Object.entries(modules)),
    );
  });
});

describe('resolveTargets()', () => {
  it('"all-linear" is every linear but the head, and null the family’s default', () => {
    expect(resolve({ target_modules: 'All-Linear' }, [...TINY_LINEARS.keys(), 'lm_head'])).toEqual([
      ...TINY_LINEARS.keys(),
    ]);
    const byDefault = resolve({ target_modules: null }, TINY_LINEARS.keys(), ['q_proj', 'v_proj']);
    expect(new Set(byDefault.map((name) => name.split('.').at(-1)))).toEqual(new Set(['q_proj', 'v_proj']));
    expect(() => resolve({ target_modules: null })).toThrow('found target_modules null, need names like "q_proj"');
  });

  it('matches names only at a dot, and regular expressions only as a whole', () => {
    expect(() => resolve({ target_modules: ['proj'] })).toThrow('found no linear for target_modules ["proj"]');
    expect(() => resolve({ target_modules: 'q_proj' })).toThrow('need names like "q_proj", "k_proj"');
    expect(resolve({ target_modules: 'q_proj|.*layers\\.1.*up_proj' })).toEqual(['model.layers.1.mlp.up_proj']);
    expect(resolve({ target_modules: ['self_attn.q_proj'], layers_to_transform: 0 })).toEqual([
      'model.layers.0.self_attn.q_proj',
    ]);
  });

  it('chooses layers by the first number of a path, or behind a pattern', () => {
    const paths = ['model.layers.1.experts.0.q_proj', 'model.layers.0.experts.1.q_proj', 'model.blocks.1.q_proj'];
    const layered = (change: Partial<LoraConfig>) => resolve({ target_modules: ['q_proj'], ...change }, paths);
    expect(layered({ layers_to_transform: [1] })).toEqual([paths[0], paths[2]]);
    expect(layered({ layers_to_transform: [1], layers_pattern: 'layers' })).toEqual([paths[0]]);
    expect(layered({ layers_to_transform: 1, layers_pattern: ['none', 'blocks'] })).toEqual([paths[2]]);
    expect(layered({ layers_to_transform: [] })).toEqual(paths);
  });

  it('does not bind whole paths by layers, as PEFT does not', () => {
    const whole = 'model.layers.0.self_attn.q_proj';
    expect(resolve({ target_modules: [whole, 'v_proj'], layers_to_transform: [1] })).toEqual([
      whole,
      'model.layers.1.self_attn.v_proj',
    ]);
  });

  it('takes the first pattern that fits, and divides by the root of the rank with rsLoRA', () => {
    const config = {
      target_modules: ['q_proj'],
      rank_pattern: { '.*0.*q_proj': 16, q_proj: 2 },
      alpha_pattern: { '1.self_attn.q_proj': 5 },
    };
    const targets = resolveTargets({ ...DEFAULT_LORA, ...config, use_rslora: true }, TINY_LINEARS.keys());
    expect([...targets.values()]).toEqual([
      { r: 16, alpha: 8, scaling: 2 },
      { r: 2, alpha: 5, scaling: 5 / Math.sqrt(2) },
    ]);
  });

  it('refuses targets on the embedding or the head', () => {
    expect(() => resolve({ target_modules: ['q_proj', 'lm_head'] })).toThrow('found "lm_head" among its targets');
    expect(() => resolve({ target_modules: ['embed_tokens'] })).toThrow('found "model.embed_tokens" among its targets');
    expect(resolve({ target_modules: '.*', exclude_modules: ['lm_head', 'embed_tokens'] })).toHaveLength(14);
  });
});

describe('pythonRegExp()', () => {
  const whole = (pattern: string) => pythonRegExp(pattern, (source) => `^(?:${source})$`);
  it('reads Python’s spelling', () => {
    expect(whole('(?P<x>a)(?P=x)').test('aa')).toBe(true);
    expect(whole('\\Aa\\\\Z').test('a\\Z')).toBe(true);
    expect(whole('a\\Z').test('a')).toBe(true);
    expect(whole('(?i)ABC').test('abc')).toBe(true);
  });
  it('accepts the patterns that tools write', () => {
    const unsloth =
      '(?:.*?(?:language|text).*?(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense).*?(?:k_proj|v_proj|q_proj|o_proj).*?)|' +
      '(?:\\bmodel\\.layers\\.[\\d]{1,}\\.(?:self_attn|mlp)\\.(?:(?:k_proj|v_proj|q_proj)))';
    expect(whole(unsloth).test('model.layers.11.self_attn.k_proj')).toBe(true);
    expect(
      whole('.*language_model\\..*\\.(q_proj|v_proj)').test('model.language_model.layers.0.self_attn.v_proj'),
    ).toBe(true);
  });
  it.each([
    '(a+)+$',
    '(.*)*x',
    '(a|a)*b',
    '(a?){40}b',
    '((?:ab*)c)+',
    '(',
    'a**',
    '(?>a)',
    '.*.*.*.*.*.*.*x',
    'x'.repeat(5000),
  ])('refuses %s', (pattern) => {
    expect(() => whole(pattern)).toThrow(SyntaxError);
    expect(() => whole(pattern)).toThrow(/^Cannot use the pattern ".+": found .+, need a simple regular expression$/);
  });
});

describeWithShared('resolveTargets() on all reference adapters of Llamas', 'goldens/llama_untied/lora_default', () => {
  it.each([
    'llama/lora_default',
    'llama/lora_all_linear',
    'llama_untied/lora_default',
    'llama_untied/lora_all_linear',
    'llama_rope3/lora_all_linear',
    'llama_variants/gaussian',
    'llama_variants/init_default',
  ])('%s', (folder) => {
    const { config } = parseLoraConfig(sharedJson(`goldens/${folder}/adapter/adapter_config.json`));
    const { modules } = sharedJson<Golden>(`goldens/${folder}/golden.json`);
    expect(rows(resolveTargets(config, TINY_LINEARS.keys()))).toEqual(rows(Object.entries(modules)));
  });
});
