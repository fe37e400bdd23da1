import { expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { inBothSpellings } from './config-spellings.ts';
import { describeWithShared, sharedJson } from './testing/shared.ts';

type Json = Record<string, unknown>;
const FAMILIES = [
  'llama',
  'llama_rope3',
  'qwen2',
  'qwen3',
  'gemma3_text',
  'mistral',
  'gpt2',
  'gpt_neox',
  'phi3',
  'opt',
  'bloom',
];

describeWithShared('inBothSpellings()', 'goldens/llama/model/config.legacy.json', () => {
  it.each(FAMILIES)('%s: adds the other spelling to either, and changes nothing that was said', (family) => {
    const modern = sharedJson<Json>(`goldens/${family}/model/config.json`);
    const legacy = sharedJson<Json>(`goldens/${family}/model/config.legacy.json`);
    for (const [from, other] of [
      [modern, legacy],
      [legacy, modern],
    ] as const) {
      const both = inBothSpellings(from, 'float32');
      expect(both).toMatchObject(from);
      for (const key of [
        'rope_parameters',
        'rope_theta',
        'rope_local_base_freq',
        'rotary_pct',
        'rotary_emb_base',
        'dtype',
        'torch_dtype',
      ])
        if (other[key] !== undefined) expect(both[key], key).toEqual(other[key]);
      if (other.rope_scaling) expect(both.rope_scaling).toMatchObject(other.rope_scaling);
      expect(parseConfig(both)).toEqual(parseConfig(from));
    }
  });

  it('leaves a quantisation of the base out: what is written is not quantised', () => {
    const config = { ...sharedJson<Json>('goldens/llama/model/config.json'), quantization_config: { bits: 4 } };
    expect(inBothSpellings(config, 'float16')).not.toHaveProperty('quantization_config');
    expect(inBothSpellings(config, 'float16')).toMatchObject({ dtype: 'float16', torch_dtype: 'float16' });
  });
});
