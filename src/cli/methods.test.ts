// The methods beside LoRA from the command line: trained, interrupted and resumed, inspected, verified, used, gone on from,
// exported where the format has a place for them and refused by name where it has none.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graft } from './testing/graft.ts';

const MODEL = path.join(import.meta.dirname, '../train/testing/fixtures/llama/model');
const TIMEOUT = 120_000;

interface Method {
  readonly name: string;
  readonly flags: readonly string[];
  /** What `inspect` says of it. */
  readonly inspected: { readonly parameters: number; readonly [said: string]: unknown };
  readonly config: object;
  /** What an export as a llama.cpp adapter says. */
  readonly refusal: string;
  readonly canMerge: boolean;
  /** What `merge` says of two. */
  readonly together: string;
}

const METHODS: readonly Method[] = [
  {
    name: 'ia3',
    flags: ['--targets', 'k_proj,v_proj,down_proj', '--feedforward-modules', 'down_proj'],
    inspected: { method: 'IA³', format: 'PEFT', parameters: 2 * (32 + 32 + 128), 'inputs scaled': 'down_proj' },
    config: { peft_type: 'IA3', feedforward_modules: ['down_proj'], inference_mode: true },
    refusal: 'found IA³, llama.cpp knows LoRA alone; need a merged model',
    canMerge: true,
    together: 'add up to 1.5, not 1',
  },
  {
    name: 'prompt-tuning',
    flags: ['--virtual-tokens', '4', '--prompt-init', 'SAMPLE_VOCAB'],
    inspected: { method: 'prompt tuning', parameters: 4 * 64, 'virtual tokens': 4 },
    config: { peft_type: 'PROMPT_TUNING', num_virtual_tokens: 4, token_dim: 64, prompt_tuning_init: 'RANDOM' },
    refusal: 'found prompt tuning, llama.cpp knows LoRA alone',
    canMerge: false,
    together: 'need LoRA or IA³ (its rows stand before the text',
  },
  {
    name: 'bottleneck',
    flags: ['--placement', 'houlsby', '--reduction', '8'],
    inspected: {
      method: 'bottleneck adapters',
      format: 'AdapterHub',
      parameters: 4 * (8 * 64 + 8 + 64 * 8 + 64),
      bottleneck: '8',
    },
    config: { name: 'graft', model_class: 'LlamaForCausalLM', config: { mh_adapter: true, non_linearity: 'swish' } },
    refusal: 'found bottleneck adapters, llama.cpp knows LoRA alone',
    canMerge: false,
    together: 'need LoRA or IA³ (its layers have a nonlinearity',
  },
];

let folder: string;
const at = (...parts: string[]) => path.join(folder, ...parts);
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'graft-methods-'));
  const rows = Array.from({ length: 6 }, (_, i) => {
    const ids = Array.from({ length: 8 + (i % 4) }, (_, t) => 3 + ((i + t * t) % 29));
    return JSON.stringify({ input_ids: ids, labels: ids });
  });
  writeFileSync(at('rows.jsonl'), rows.join('\n'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const json = (...parts: string[]) => JSON.parse(readFileSync(at(...parts), 'utf8'));
const ok = async (...args: string[]) => {
  const done = await graft(...args);
  expect(done.code, done.errors).toBe(0);
  return done;
};
const train = (out: string, ...flags: string[]) =>
  ok('train', '--model', MODEL, '--data', at('rows.jsonl'), '--out', at(out), '--lr', '0.05', ...flags);

describe.each(METHODS)('graft and $name', ({ name, flags, inspected, config, refusal, canMerge, together }) => {
  it(
    'trains, inspects, verifies and repeats its recipe to the bit',
    async () => {
      await train(name, '--method', name, ...flags, '--steps', '6', '--batch-size', '2');
      expect(json(name, 'adapter_config.json')).toMatchObject(config);
      expect(JSON.parse((await ok('inspect', at(name), '--json')).last)).toMatchObject(inspected);
      const verified = await ok('verify', at(name), '--model', MODEL, '--quant', 'q8', '--json');
      expect(JSON.parse(verified.last)).toMatchObject({ passed: true });
      expect(verified.last).toContain('bit for bit');
      await train(`${name}-again`, '--config', at(name, 'graft_recipe.json'));
      const file = name === 'bottleneck' ? 'adapter.safetensors' : 'adapter_model.safetensors';
      const weights = (of: string) => readFileSync(at(of, file));
      expect(weights(`${name}-again`)).toEqual(weights(name));
      // It goes on with the method that it is.
      await train(`${name}-on`, '--init-adapter', at(name), '--steps', '2');
      expect(json(`${name}-on`, 'adapter_config.json')).toEqual(json(name, 'adapter_config.json'));
      expect(weights(`${name}-on`)).not.toEqual(weights(name));
    },
    TIMEOUT,
  );

  it(
    'scores better than the base on its rows, and answers otherwise',
    async () => {
      const loss = async (...adapter: string[]) =>
        JSON.parse((await ok('score', '--model', MODEL, ...adapter, '--data', at('rows.jsonl'), '--json')).last).loss;
      expect(await loss('--adapter', at(name))).toBeLessThan(await loss());
      const answer = async (...adapter: string[]) =>
        (
          await ok(
            'generate',
            '--model',
            MODEL,
            ...adapter,
            '--ids',
            '3,4,7',
            '--max-tokens',
            '8',
            '--ignore-eos',
            '--json',
          )
        ).last;
      expect(await answer('--adapter', at(name))).not.toBe(await answer());
      const looked = await ok('lab', at(name), '--model', MODEL, '--data', at('rows.jsonl'), '--json');
      expect(JSON.parse(looked.last)).toEqual({ method: inspected.method });
      const compared = await graft('lab', at(name), '--with', at(name));
      expect(compared.errors).toContain(`found an adapter of ${inspected.method}, need a LoRA`);
    },
    TIMEOUT,
  );

  it(
    'is merged where that can be, and refused where the format has no place for it',
    async () => {
      const asGguf = ['export', '--adapter', at(name), '--model', MODEL, '--to', 'gguf', '--out', at('x.gguf')];
      const refused = await graft(...asGguf);
      expect(refused.code).not.toBe(0);
      expect(refused.errors).toContain(refusal);
      expect(existsSync(at('x.gguf'))).toBe(false);
      const out = at(`${name}-merged`);
      const merged = await graft(
        'export',
        '--adapter',
        at(name),
        '--model',
        MODEL,
        '--to',
        'merged-safetensors',
        '--out',
        out,
      );
      expect(merged.code === 0, merged.errors).toBe(canMerge);
      expect(existsSync(out)).toBe(canMerge);

      const both = ['--adapter', `${at(name)}:1`, '--adapter', `${at(`${name}-on`)}:0.5`];
      const one = await graft('merge', ...both, '--method', 'linear', '--out', at(`${name}-both`), '--json');
      expect(one.errors).toContain(together);
      expect(one.code === 0, one.errors).toBe(canMerge);
      if (!canMerge) return;
      expect(JSON.parse(one.last)).toMatchObject({ modules: 6, parameters: inspected.parameters });
      expect(json(`${name}-both`, 'adapter_config.json')).toMatchObject(config);
      const verified = await ok('verify', at(`${name}-both`), '--model', MODEL, '--json');
      expect(JSON.parse(verified.last)).toMatchObject({ passed: true });
    },
    TIMEOUT,
  );
});

it('refuses flags of another method', async () => {
  const common = ['train', '--model', MODEL, '--data', at('rows.jsonl'), '--out', at('y')];
  const { code, errors } = await graft(...common, '--method', 'ia3', '--rank', '4');
  expect(code).toBe(2);
  expect(errors).toContain('found --rank with --method ia3, need --method lora');
});
