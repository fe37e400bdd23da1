import { describe, expect, it } from 'vitest';
import type { TokenRow } from '../../data/types.ts';
import { collectFile } from '../../model/testing/collect-file.ts';
import { DEFAULT_SETTINGS } from '../../train/recipe.ts';
import { clusterFolder, trainerSettings } from './cluster-folder.ts';

const row = (first: number): TokenRow => ({
  file: 'rows.jsonl',
  line: first,
  ids: Int32Array.of(first, first + 1, first + 2),
  mask: Uint8Array.of(0, 1, 1),
});
const rows = Array.from({ length: 10 }, (_, i) => row(10 * i));
const { epochs: _, ...defaults } = DEFAULT_SETTINGS;
const settings = { ...defaults, steps: 7, batchSize: 2, gradAccum: 3, shuffle: true, validationSplit: 0.2 };
const folder = async (over: object = {}) => {
  const files = clusterFolder({
    name: 'pirate',
    adapter: [{ name: 'adapter_config.json', bytes: new Uint8Array(2) }],
    model: 'org/name',
    rows,
    settings: { ...settings, ...over },
    tokenizer: undefined,
  });
  const text = async (name: string) => new TextDecoder().decode(await collectFile(files.find((f) => f.name === name)!));
  return { names: files.map(({ name }) => name), text };
};
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { input_ids: number[]; labels: number[] });

describe('clusterFolder()', () => {
  it('has the adapter, the rows, the recipe and a launch configuration for each way of sharing', async () => {
    const { names, text } = await folder();
    expect(names).toEqual([
      'README.md',
      'train.py',
      'requirements.txt',
      'recipe.json',
      ...['one-gpu', 'ddp', 'fsdp', 'zero2', 'zero3'].map((name) => `accelerate/${name}.yaml`),
      'rows/train.jsonl',
      'rows/validation.jsonl',
      'adapter/adapter_config.json',
    ]);
    expect(await text('train.py')).toContain('SFTTrainer');
    expect(await text('README.md')).toContain('A step sees 6 rows');
    for (const line of (await text('requirements.txt')).trim().split('\n')) expect(line).toMatch(/^\w+==\d/);
  });

  it('gives every row once, with labels where Graft learns, held-back rows apart', async () => {
    const { text } = await folder();
    const [train, validation] = [lines(await text('rows/train.jsonl')), lines(await text('rows/validation.jsonl'))];
    const firsts = [...train, ...validation].map(({ input_ids }) => input_ids[0]!);
    expect(firsts.sort((a, b) => a - b)).toEqual(rows.map(({ ids }) => ids[0]));
    for (const { input_ids, labels } of train) expect(labels).toEqual([-100, input_ids[1], input_ids[2]]);
    expect(validation).toHaveLength(2);
  });

  it('writes the rows in the order of the first epoch', async () => {
    const order = async (over: object) =>
      lines(await (await folder(over)).text('rows/train.jsonl')).map((r) => r.input_ids[0]);
    expect(await order({ shuffle: false, validationSplit: 0 })).toEqual(rows.map(({ ids }) => ids[0]));
    expect(await order({ seed: 1 })).not.toEqual(await order({ seed: 2 }));
    expect(await order({ seed: 1 })).toEqual(await order({ seed: 1 }));
  });
});

describe('trainerSettings()', () => {
  it('says the recipe in the words of the trainer', () => {
    expect(trainerSettings(settings)).toMatchObject({
      per_device_train_batch_size: 2,
      gradient_accumulation_steps: 3,
      max_steps: 7,
      lr_scheduler_type: 'linear',
      max_length: 256,
    });
    expect(trainerSettings({ ...defaults, epochs: 2, schedule: 'constant' })).toMatchObject({
      num_train_epochs: 2,
      lr_scheduler_type: 'constant_with_warmup',
    });
  });
});
