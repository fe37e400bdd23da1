// graft merge: what it takes, writes, and refuses. The numbers are compared with PEFT's in src/lora/merge.

import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graft } from './testing/graft.ts';

const FIXTURES = path.join(import.meta.dirname, '../train/testing/fixtures/llama');
const A = path.join(FIXTURES, 'lora_all_linear/adapter');
const B = path.join(FIXTURES, 'lora_all_linear/adapter_final');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'graft-'));
});
afterAll(() => rm(folder, { recursive: true }));
const merge = (...args: string[]) => graft('merge', '--out', path.join(folder, 'merged'), ...args);

describe('graft merge', () => {
  it('writes a PEFT folder and says what is in it', async () => {
    const { code, last, errors } = await merge('--adapter', `${A}:0.5`, '--adapter', B, '--method', 'cat', '--json');
    expect(code, errors).toBe(0);
    const report = JSON.parse(last);
    expect(report).toMatchObject({ method: 'cat', rank: 8, modules: 14, notices: [] });
    const files = await readdir(report.out);
    expect(files.sort()).toEqual([
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
      'graft_receipt.json',
    ]);
    expect(JSON.parse(await readFile(path.join(report.out, 'adapter_config.json'), 'utf8'))).toMatchObject({
      r: 8,
      lora_alpha: 8,
    });
    expect(await readFile(path.join(report.out, 'README.md'), 'utf8')).toContain('adapter × 0.5, adapter_final × 1');
    const inspected = await graft('inspect', report.out, '--json');
    expect(JSON.parse(inspected.last)).toMatchObject({ kind: 'adapter', rank: 8, parameters: report.parameters });
  });

  it('takes a negative weight, a rank, a density, a vote and a seed', async () => {
    const two = ['--adapter', `${A}:1`, '--adapter', `${B}:-1e-1`];
    expect((await merge(...two, '--method', 'svd', '--rank', '3', '--json')).last).toContain('"rank":3');
    const ties = ['--method', 'ties', '--density', '.5', '--majority-sign', 'frequency', '--json'];
    expect((await merge(...two, ...ties)).code).toBe(0);
    expect((await merge(...two, '--method', 'dare_ties_svd', '--density', '0.7', '--seed', '5')).code).toBe(0);
  });

  it('refuses what it cannot do, with the way it can', async () => {
    expect(await merge('--method', 'cat')).toMatchObject({ code: 2, errors: expect.stringContaining('no --adapter') });
    expect(await merge('--adapter', A)).toMatchObject({ code: 2, errors: expect.stringContaining('no --method') });
    expect(await merge('--adapter', A, '--method', 'mean')).toMatchObject({
      code: 2,
      errors: expect.stringContaining('need one of linear, cat, svd'),
    });
    const dense = await merge('--adapter', A, '--method', 'ties');
    expect(dense).toMatchObject({ code: 1, errors: expect.stringContaining('found no density') });
    const missing = await merge('--adapter', path.join(folder, 'nowhere'), '--method', 'cat');
    expect(missing).toMatchObject({ code: 1, errors: expect.stringContaining('found nothing there') });
  });

  it('leaves nothing of an adapter that it replaces, and all else as it was; export does so too', async () => {
    const out = path.join(folder, 'replaced');
    await cp(A, out, { recursive: true });
    const old = ['graft_recipe.json', 'adapter_model.bin', 'adapters.safetensors', 'notes.txt', 'graft_receipt.json'];
    const lay = () => Promise.all(old.map((name) => writeFile(path.join(out, name), 'old')));
    await lay();
    const merged = await graft('merge', '--adapter', `${A}:1`, '--adapter', B, '--method', 'svd', '--out', out);
    expect(merged).toMatchObject({
      code: 0,
      errors: expect.stringContaining(`replaced the adapter that was in "${out}"`),
    });
    const peft = ['README.md', 'adapter_config.json', 'adapter_model.safetensors', 'graft_receipt.json', 'notes.txt'];
    expect((await readdir(out)).sort()).toEqual(peft);
    expect(await readFile(path.join(out, 'graft_receipt.json'), 'utf8')).not.toBe('old');
    await lay();
    const mlx = ['export', '--adapter', A, '--model', path.join(FIXTURES, 'model'), '--to', 'mlx', '--out', out];
    expect(await graft(...mlx)).toMatchObject({ code: 0, errors: expect.stringContaining('replaced the adapter') });
    const files = ['adapter_config.json', 'adapters.safetensors', 'graft_receipt.json', 'notes.txt'];
    expect((await readdir(out)).sort()).toEqual(files);
    const project = path.join(folder, 'project');
    await mkdir(project);
    await writeFile(path.join(project, 'README.md'), 'mine');
    const into = await graft(...mlx.slice(0, -1), project);
    expect(into).toMatchObject({ code: 1, errors: expect.stringContaining("that is no adapter's") });
    expect(await readdir(project)).toEqual(['README.md']);
  });

  it('writes neither over what it reads nor into a folder that is something else, and export does not either', async () => {
    const own = path.join(folder, 'own');
    await cp(A, own, { recursive: true });
    const model = path.join(folder, 'model');
    await cp(path.join(FIXTURES, 'model'), model, { recursive: true });
    const all = async () =>
      Promise.all(
        [own, model].map(async (at) =>
          Promise.all(
            (await readdir(at)).map(async (name) => [name, (await readFile(path.join(at, name))).toString('hex')]),
          ),
        ),
      );
    const before = await all();
    const onto = await graft('merge', '--adapter', own, '--adapter', B, '--method', 'svd', '--out', `${own}/`);
    expect(onto).toMatchObject({ code: 1, errors: expect.stringContaining('it is what is read') });
    const into = await graft('merge', '--adapter', own, '--adapter', B, '--method', 'svd', '--out', model);
    expect(into).toMatchObject({ code: 1, errors: expect.stringContaining("that is no adapter's") });
    for (const out of [own, model]) {
      const merged = ['export', '--adapter', own, '--model', model, '--to', 'merged-safetensors', '--out', out];
      expect(await graft(...merged)).toMatchObject({ code: 1, errors: expect.stringContaining('it is what is read') });
    }
    expect(await all()).toEqual(before);
  });
});
