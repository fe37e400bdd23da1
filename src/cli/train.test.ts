// What no run can have is said before a model is opened; what memory it may not take, before a step; what has learned nothing is not
// written.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { patternRows, rowsAsJsonl } from '../train/testing/short-run.ts';
import { graft } from './testing/graft.ts';

const MODEL = path.join(import.meta.dirname, '../train/testing/fixtures/llama/model');

let folder: string;
const at = (...parts: string[]) => path.join(folder, ...parts);
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'graft-settings-'));
  writeFileSync(at('rows.jsonl'), rowsAsJsonl(patternRows(4)));
  const adapters = [{ name: 'one' }, { name: 'two', settings: { rank: 4 } }];
  writeFileSync(at('several.json'), JSON.stringify({ recipe: 1, settings: {}, adapters }));
});
afterAll(() => rmSync(folder, { recursive: true }));

const train = (model: string, ...flags: string[]) =>
  graft('train', '--model', model, '--data', at('rows.jsonl'), '--out', at('out'), ...flags);

it.each([
  ['--rank 0', 'Cannot train with rank 0: need a whole number from 1 to 1024'],
  ['--lr -1', 'Cannot train with learningRate -1'],
  ['--steps 0', 'Cannot train with steps 0'],
  ['--seq-len 1', 'Cannot train with seqLen 1'],
  ['--validation-split 1', 'Cannot train with validationSplit 1'],
  ['--checkpoint-every 0', 'Cannot read --checkpoint-every: found 0'],
])('graft train %s is refused before the model is looked for, for one adapter and for several', async (flags, said) => {
  for (const more of [[], ['--config', at('several.json')]]) {
    const { code, errors } = await train(at('no-model'), ...flags.split(' '), ...more);
    expect(code).not.toBe(0);
    expect(errors).toContain(said);
  }
  expect(existsSync(at('out'))).toBe(false);
});

it('graft train says of rows that cannot be read before the model is looked for, for one adapter and for several', async () => {
  for (const more of [[], ['--config', at('several.json')]]) {
    const { code, errors } = await train(at('no-model'), '--data', at('nowhere.jsonl'), ...more);
    expect(code).toBe(1);
    expect(errors).toContain(`Cannot read "${at('nowhere.jsonl')}": found no such file, need one`);
  }
  expect(existsSync(at('out'))).toBe(false);
});

it('graft train --memory is a limit: what takes more is refused with both figures, and nothing is written', async () => {
  for (const more of [[], ['--config', at('several.json')]]) {
    const { code, errors } = await train(MODEL, '--steps', '1', '--memory', '0.0001', ...more);
    expect(code).toBe(2);
    expect(errors).toMatch(
      /Cannot train within --memory 0\.0001: found that the run takes 0\.00\d+ GB where 0\.000100 GB are left, with checkpointing block;/,
    );
  }
  expect(existsSync(at('out'))).toBe(false);
  expect(await train(MODEL, '--steps', '1', '--memory', '1')).toMatchObject({ code: 0 });
});

it('graft train that is stopped before its first step leaves the adapter that is there, and can go on', async () => {
  const weights = () => readFileSync(at('out/adapter_model.safetensors'));
  expect(await train(MODEL, '--steps', '2')).toMatchObject({ code: 0 });
  const before = weights();
  // The command's own handler, called when its rows are read and nothing is trained.
  const others = process.listeners('SIGTERM');
  const once = vi.spyOn(process, 'once');
  once.mockImplementation((name, handler) => {
    process.on(name, handler);
    if (name === 'SIGTERM' && !others.includes(handler)) handler();
    return process;
  });
  const stopped = await train(MODEL, '--steps', '2', '--seed', '1').finally(() => once.mockRestore());
  expect(stopped.code, stopped.errors).toBe(0);
  expect(stopped.errors).toContain('this run replaces it when it is done');
  expect(stopped.errors).toContain('stopped before the first step; nothing was written');
  expect(weights().equals(before)).toBe(true);
  writeFileSync(at('out/adapter_model.bin'), 'of the one before');
  expect((await train(MODEL, '--steps', '2', '--seed', '1', '--resume')).errors).toContain('done after 2 steps');
  expect(existsSync(at('out/adapter_model.bin'))).toBe(false);
  expect(weights().equals(before)).toBe(false);
});

it('graft train --log has each step of each of several adapters once, also when one goes back', async () => {
  const wild = {
    targets: ['lm_head'],
    alpha: 64,
    learningRate: 1,
    clip: 0,
    badNumbers: 'halve',
    lora: { bias: 'none' },
  };
  const adapters = [{ name: 'calm' }, { name: 'wild', settings: wild }];
  writeFileSync(at('back.json'), JSON.stringify({ recipe: 1, settings: { steps: 12, rank: 4 }, adapters }));
  const flags = ['--checkpoint-every', '1', '--log', at('log.jsonl'), '--out', at('several')];
  const { errors } = await train(MODEL, '--config', at('back.json'), ...flags);
  const [, back] = /^wild: Cannot go on at step .*; the run goes on after step (\d+) with half/m.exec(errors) ?? [];
  expect(back, errors).toBeDefined();
  const lines: { adapter: string; step: number }[] = readFileSync(at('log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const { name } of adapters) {
    const steps = lines.filter(({ adapter }) => adapter === name).map(({ step }) => step);
    expect(steps, name).toEqual(Array.from({ length: steps.length }, (_, i) => i + 1));
  }
  expect(lines.filter(({ adapter }) => adapter === 'calm')).toHaveLength(12);
});
