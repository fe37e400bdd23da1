import { describe, expect, it } from 'vitest';
import { initAdapter } from '../init-adapter.ts';
import { DEFAULT_LORA } from '../lora-config.ts';
import { TINY_SITES } from '../testing/tiny-linears.ts';
import { writeModelCard } from './model-card.ts';

const config = { ...DEFAULT_LORA, target_modules: ['q_proj', 'v_proj'], base_model_name_or_path: 'org/base-1.0' };
const adapter = initAdapter(config, TINY_SITES, 0);
const facts = {
  name: 'My adapter',
  licence: 'apache-2.0',
  datasetName: 'notes.jsonl',
  steps: 120,
  finalLoss: 1.25,
  validationLoss: 1.5,
  baseValidationLoss: 2.75,
  recipe: { 'learning rate': 0.001, schedule: 'linear' },
};

describe('writeModelCard()', () => {
  it('has the front matter that the Hub reads, the recipe, the losses and how to load it', () => {
    const card = writeModelCard(adapter, config, facts);
    expect(card).toMatch(/^---\nbase_model: org\/base-1\.0\nlibrary_name: peft\n/);
    expect(card).toContain('\nlicense: "apache-2.0"\ntags:\n- graft\n- lora\n---\n');
    expect(card).toContain('# My adapter\n');
    // Two layers of q (8·64 + 64·8) and v (8·64 + 32·8).
    for (const row of [
      '| rank | 8 |',
      '| linears | q_proj, v_proj |',
      '| trained parameters | 3,584 |',
      '| learning rate | 0.001 |',
    ]) {
      expect(card).toContain(row);
    }
    expect(card).toContain('| validation, base model alone | 2.7500 |');
    expect(card).toContain('AutoModelForCausalLM.from_pretrained("org/base-1.0")');
  });

  it('leaves out what is not known', () => {
    const card = writeModelCard(
      adapter,
      { ...config, base_model_name_or_path: 'my folder' },
      { name: 'x', finalLoss: Number.NaN },
    );
    expect(card).not.toContain('base_model:');
    expect(card).not.toContain('license:');
    expect(card).not.toContain('## Loss');
    expect(card).not.toContain('undefined');
  });

  it('keeps names from breaking out of their line, table or front matter', () => {
    const name = 'a\n---\n# <script>|x|';
    const card = writeModelCard(
      adapter,
      { ...config, base_model_name_or_path: name },
      { ...facts, name, licence: 'a\nb: c', datasetName: name },
    );
    expect(card.match(/^---$/gm)).toHaveLength(2);
    expect(card.match(/^# /gm)).toHaveLength(1);
    expect(card.split('```')[0]).not.toContain('<script>'); // inside the code block it is only text
    expect(card).toContain('| dataset | a --- # script\\|x\\| |');
    expect(card).toContain('license: "a\\nb: c"');
  });
});
