// graft train --config: a recipe with a variant of LoRA, its repetition, flags that win, and several adapters at once.

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MODEL = path.join(ROOT, 'src/train/testing/fixtures/llama/model');
const GRAFT = path.join(ROOT, 'bin/graft.mjs');
const run = promisify(execFile);

let folder: string;
const at = (...parts: string[]) => path.join(folder, ...parts);
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'graft-config-'));
  const rows = Array.from({ length: 8 }, (_, i) => {
    const ids = Array.from({ length: 8 + (i % 4) }, (_, t) => 3 + ((i + t * t) % 29));
    return JSON.stringify({ input_ids: ids, labels: ids });
  });
  writeFileSync(at('rows.jsonl'), rows.join('\n'));
  writeFileSync(at('other.jsonl'), rows.slice(2, 6).join('\n'));
  await run(process.execPath, [GRAFT, 'help']);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const graft = async (...args: string[]) => {
  const data = args.includes('--no-data') ? [] : ['--data', at('rows.jsonl')];
  const rest = args.filter((arg) => arg !== '--no-data');
  const { stdout, stderr } = await run(process.execPath, [GRAFT, 'train', '--model', MODEL, ...data, ...rest]);
  return { stdout, stderr };
};
const recipe = (name: string, json: object) => {
  writeFileSync(at(name), JSON.stringify({ recipe: 1, ...json }));
  return at(name);
};
const weights = (...parts: string[]) => readFileSync(at(...parts, 'adapter_model.safetensors'));
const json = (...parts: string[]) => JSON.parse(readFileSync(at(...parts), 'utf8'));

const SETTINGS = {
  rank: 4,
  learningRate: 5e-3,
  steps: 3,
  batchSize: 2,
  loraPlusRatio: 4,
  lora: { use_dora: true, use_rslora: true, modules_to_save: ['model.norm'], exclude_modules: ['down_proj'] },
};

describe('graft train --config', () => {
  it('trains what the recipe says, repeats it beside the adapter, and makes the same from that', async () => {
    await graft('--config', recipe('dora.json', { settings: SETTINGS }), '--out', at('a'));
    const config = json('a', 'adapter_config.json');
    expect(config).toMatchObject({ r: 4, use_dora: true, use_rslora: true, modules_to_save: ['model.norm'] });
    expect(weights('a').toString('latin1')).toContain('lora_magnitude_vector');
    expect(json('a', 'graft_recipe.json').settings).toMatchObject(SETTINGS);
    await graft('--config', at('a', 'graft_recipe.json'), '--out', at('b'));
    expect(weights('b')).toEqual(weights('a'));
  });

  it('lets flags win', async () => {
    const config = recipe('flags.json', { settings: { ...SETTINGS, epochs: undefined } });
    await graft(
      '--config',
      config,
      '--rank',
      '2',
      '--epochs',
      '1',
      '--init',
      'pissa_niter_2',
      '--out',
      at('c'),
      '--bias',
      'none',
    ).then(
      () => expect.unreachable(),
      ({ stderr }: { stderr: string }) => expect(stderr).toContain('found use_dora with init_lora_weights'),
    );
    const plain = recipe('plain.json', { settings: { rank: 4, steps: 3, lora: { init_lora_weights: 'gaussian' } } });
    await graft('--config', plain, '--rank', '2', '--init', 'pissa', '--dropout', '0.1', '--out', at('c'));
    // What pissa takes from the base is in the adapter: twice the rank, on the base as it was.
    expect(json('c', 'adapter_config.json')).toMatchObject({ r: 4, init_lora_weights: true });
    expect(json('c', 'graft_recipe.json').settings).toMatchObject({ rank: 2, lora: { init_lora_weights: 'pissa' } });
  });

  it('goes on from an adapter with its own kind', async () => {
    await graft('--init-adapter', at('a'), '--steps', '2', '--lr', '1e-3', '--out', at('d'));
    const [before, after] = [json('a', 'adapter_config.json'), json('d', 'adapter_config.json')];
    expect(after).toEqual({ ...before, base_model_name_or_path: after.base_model_name_or_path });
    expect(weights('d').length).toBe(weights('a').length);
    expect(weights('d')).not.toEqual(weights('a'));
  });

  it('trains several adapters at once, each as it would be alone', async () => {
    const adapters = [
      { name: 'small', settings: { rank: 2 } },
      { name: 'other-rows', settings: { steps: 5, lora: { use_dora: false } }, files: [at('other.jsonl')] },
    ];
    const config = recipe('two.json', { settings: SETTINGS, adapters });
    const { stdout } = await graft('--config', config, '--out', at('two'), '--json', '--log', at('log.jsonl'));
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!).adapters).toMatchObject([{ name: 'small' }, { steps: 5 }]);
    const lines = readFileSync(at('log.jsonl'), 'utf8').trim().split('\n');
    expect(lines.filter((line) => line.includes('"small"'))).toHaveLength(3);
    await graft('--config', at('two', 'small', 'graft_recipe.json'), '--out', at('alone'));
    expect(weights('alone')).toEqual(weights('two', 'small'));
    expect(existsSync(at('two', 'other-rows', '.graft-checkpoint'))).toBe(false);
    const again = await graft('--config', config, '--out', at('two'), '--resume');
    expect(again.stderr).toContain('small: is ready in');
  });

  it('says that nothing is held back where a validation loss is asked for', async () => {
    await expect(graft('--eval-every', '2', '--out', at('x'))).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'found --eval-every 2 with no row held back, need --validation-split above 0, such as 0.1',
      ),
    });
    expect(existsSync(at('x'))).toBe(false);
    const asks = recipe('asks.json', { settings: { evalEvery: 2, steps: 1, rank: 2 } });
    const { stderr } = await graft('--config', asks, '--out', at('y'));
    expect(stderr).toContain('no validation loss: found evalEvery 2 with no row held back');
    const row = '{"input_ids":[3,4,5],"labels":[3,4,5]}\n';
    writeFileSync(at('same.jsonl'), row.repeat(3));
    const same = ['--no-data', '--data', at('same.jsonl'), '--validation-split', '0.4', '--steps', '1'];
    expect((await graft(...same, '--out', at('z'))).stderr).toContain('found 3 rows that repeat each other');
    const held = ['--validation-split', '0.3', '--eval-every', '1', '--steps', '1', '--out', at('z')];
    expect((await graft(...held)).stderr).not.toContain('no validation loss');
  });

  it('says what is wrong with a recipe', async () => {
    const wrong = recipe('wrong.json', { settings: { lora: { use_dorra: true } } });
    await expect(graft('--config', wrong, '--out', at('x'))).rejects.toMatchObject({
      stderr: expect.stringContaining('found "settings.lora.use_dorra", which this version of Graft does not know'),
    });
    await expect(graft('--config', at('none.json'), '--out', at('x'))).rejects.toMatchObject({ code: 2 });
    expect(existsSync(at('x'))).toBe(false);
  });
});
