import { describe, expect, it } from 'vitest';
import { DEFAULT_LORA, parseLoraConfig, writeLoraConfig } from '../lora-config.ts';
import { placeAdapter } from '../place-adapter.ts';
import { configWithRanks, fewestNames, largestPlacement } from './eva-placement.ts';
import { shareRanks } from './share-ranks.ts';

const LINEARS = ['q', 'k', 'v'].map((path) => ({ path, leader: 'q' })).concat({ path: 'o', leader: 'o' });
const SHARES: Record<string, readonly number[]> = { q: [0.5, 0.2, 0.1], o: [0.4, 0.3, 0.05] };
const shared = (budget: number) => [...shareRanks(LINEARS, (leader) => SHARES[leader]!, budget)].sort();

describe('shareRanks()', () => {
  it('gives ranks to the components that explain most, and leaders what is left of equal ones', () => {
    expect(shared(8)).toEqual(Object.entries({ k: 2, o: 2, q: 2, v: 2 }));
    expect(shared(6)).toEqual(Object.entries({ k: 1, o: 2, q: 2, v: 1 }));
    expect(shared(3)).toEqual(Object.entries({ k: 1, o: 0, q: 1, v: 1 }));
    expect(shared(1)).toEqual(Object.entries({ k: 0, o: 0, q: 1, v: 0 }));
  });

  it('lets a leader have no lower rank than those with its input', () => {
    const before = [
      { path: 'k', leader: 'q' },
      { path: 'q', leader: 'q' },
    ] as const;
    // Leaders come first, wherever they stand.
    expect([...shareRanks(before, () => [0.5, 0.2], 3)].sort()).toEqual([
      ['k', 1],
      ['q', 2],
    ]);
  });
});

const blocks = (n: number, names: readonly string[]) =>
  Array.from({ length: n }, (_, i) => names.map((name) => `model.layers.${i}.${name}`)).flat();

describe('fewestNames()', () => {
  it('keeps few paths as they are, and writes the ends of many where they fit nothing else', () => {
    const q = blocks(3, ['self_attn.q_proj']);
    expect(fewestNames(q, [])).toEqual(q);
    const many = blocks(12, ['self_attn.q_proj', 'mlp.dense']);
    expect(fewestNames(many, blocks(12, ['mlp.up_proj'])).sort()).toEqual(['dense', 'q_proj']);
    expect(fewestNames(many, blocks(12, ['self_attn.dense'])).sort()).toEqual(['mlp.dense', 'q_proj']);
    const [first, ...rest] = many;
    const named = fewestNames(rest, [first!]);
    expect(named).toContain('dense');
    expect(named).toContain('model.layers.7.self_attn.q_proj'.slice('model.layers.'.length));
    const fits = (path: string) => named.some((name) => path === name || path.endsWith(`.${name}`));
    expect(rest.every(fits)).toBe(true);
    expect(fits(first!)).toBe(false);
  });
});

describe('what EVA makes of a config', () => {
  const linears = new Map(
    blocks(2, ['q_proj', 'down_proj']).map((path) => [path, [16, path.endsWith('q_proj') ? 16 : 64] as const]),
  );
  const json = { peft_type: 'LORA', r: 4, lora_alpha: 8, target_modules: 'all-linear', init_lora_weights: 'eva' };
  const { config } = parseLoraConfig(json, { isNew: true });
  const placed = placeAdapter(config, { linears });

  it('is planned with most ranks where they cost most', () => {
    const { modules } = largestPlacement(config, placed);
    expect([...modules].map(([path, { r }]) => [path, r])).toEqual([
      ['model.layers.0.down_proj', 8],
      ['model.layers.1.down_proj', 8],
    ]);
  });

  it('has patterns only where ranks and alphas are others, and targets only where there is a rank', () => {
    const factors = new Map(
      [...linears.keys()].map((path, i) => [path, { rows: [4, 6, 0, 6][i]!, columns: 1, data: new Float64Array() }]),
    );
    const found = configWithRanks(config, placed.modules, factors, linears.keys());
    expect(found.rank_pattern).toEqual({ 'model.layers.0.down_proj': 6, 'model.layers.1.down_proj': 6 });
    expect(found.alpha_pattern).toEqual({ 'model.layers.0.down_proj': 12, 'model.layers.1.down_proj': 12 });
    expect(found.target_modules).toEqual([
      'model.layers.0.q_proj',
      'model.layers.0.down_proj',
      'model.layers.1.down_proj',
    ]);
    const eva_config = { ...config.eva_config, adjust_scaling_factors: false };
    expect(configWithRanks({ ...config, eva_config }, placed.modules, factors, linears.keys()).alpha_pattern).toEqual(
      {},
    );
  });

  it('is read and written with its own settings, whose values are checked', () => {
    expect(JSON.parse(writeLoraConfig(config)).eva_config).toMatchObject({ rho: 2, tau: 0.99, label_mask_value: -100 });
    const wrong =
      (eva_config: unknown, init = 'eva') =>
      () =>
        parseLoraConfig({ ...json, init_lora_weights: init, eva_config }, { isNew: true });
    expect(wrong({ rho: 0.5 })).toThrow('found eva_config.rho 0.5, need a number from 1 to 1000');
    expect(wrong({ roh: 2 })).toThrow('found eva_config.roh 2, need rho, tau,');
    expect(wrong({ rho: 2 }, 'gaussian')).toThrow('need init_lora_weights "eva" beside it');
    // A file of a newer PEFT, which has begun long ago, is taken as it is.
    const newer = { ...DEFAULT_LORA, ...json, eva_config: { rho: 2, sigma: 1 } };
    expect(parseLoraConfig(newer).config.eva_config).toEqual({ rho: 2, sigma: 1 });
  });
});
