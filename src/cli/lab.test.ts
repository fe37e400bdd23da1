// graft lab, verify and score --forgetting: what they take, print and refuse. The numbers are tested in src/engine/lab.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graft } from './testing/graft.ts';

const FIXTURES = path.join(import.meta.dirname, '../train/testing/fixtures/llama');
const MODEL = path.join(FIXTURES, 'model');
const A = path.join(FIXTURES, 'lora_all_linear/adapter');
const B = path.join(FIXTURES, 'lora_all_linear/adapter_final');
const ROWS = [
  [3, 141, 59, 26, 53, 58, 97],
  [9, 32, 384, 62, 64, 33, 83, 27],
];

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'graft-'));
  data = path.join(folder, 'rows.jsonl');
  await writeFile(data, ROWS.map((ids) => `${JSON.stringify({ input_ids: ids })}\n`).join(''));
});
afterAll(() => rm(folder, { recursive: true }));

describe('graft lab', () => {
  it('looks into a folder without its base', async () => {
    const { code, last, errors } = await graft('lab', A, '--with', B, '--json');
    expect(code, errors).toBe(0);
    const { anatomy, with: others } = JSON.parse(last);
    expect(anatomy.rank).toBe(4);
    expect(anatomy.modules.length).toBe(14);
    expect(anatomy.energy.at(-1)).toBeCloseTo(1, 9);
    expect(others[0].cosine).toBeGreaterThan(0.3);
    expect(others[0].cosine).toBeLessThan(0.999);
    const shown = await graft('lab', A);
    expect(shown.output).toMatch(/model\.layers\.0\.self_attn\.q_proj +4 /);
    expect(shown.output).toContain('kept at rank 1, 2, …:');
  });

  it('measures ranks on a base, and saves one of them so that it verifies there', async () => {
    const out = path.join(folder, 'cut');
    const base = ['--model', MODEL, '--quant', 'f32'];
    const cut = await graft(
      'lab',
      A,
      ...base,
      '--data',
      data,
      '--ranks',
      '0,2,4',
      '--truncate',
      '2',
      '--out',
      out,
      '--json',
    );
    expect(cut.code, cut.errors).toBe(0);
    const report = JSON.parse(cut.last);
    expect(report.rankLosses.map(({ rank }: { rank: number }) => rank)).toEqual([0, 2, 4]);
    const scored = await graft('score', ...base, '--data', data, '--adapter', out, '--json');
    expect(JSON.parse(scored.last).loss).toBeCloseTo(report.rankLosses[1].loss, 5);
    const verified = await graft('verify', out, ...base);
    expect(verified.code, verified.errors).toBe(0);
    expect(verified.output).toMatch(/answers +logits of \d+ tokens are those of the run, bit for bit/);
    expect(JSON.parse(await readFile(path.join(out, 'graft_receipt.json'), 'utf8'))).toMatchObject({
      made: 'truncated',
      from: { rank: 4, 'cut to': 2 },
    });
    await writeFile(path.join(out, 'README.md'), 'changed');
    const changed = await graft('verify', out, '--json');
    expect(changed).toMatchObject({ code: 1, errors: expect.stringContaining('1 of 8 checks failed') });
    expect(JSON.parse(changed.last)).toMatchObject({ passed: false });
  });

  it('refuses what it cannot do, with the way it can', async () => {
    const refused = async (...args: string[]) => (await graft('lab', A, ...args)).errors;
    expect(await refused('--data', data)).toContain("found --data without --model, need the adapter's base");
    expect(await refused('--model', MODEL, '--truncate', '2')).toContain(
      'found one of --truncate and --out, need both',
    );
    expect(await refused('--model', MODEL, '--data', data, '--ranks', 'two')).toContain('need numbers such as 1,2,4');
    expect(await refused('--model', MODEL, '--forgetting')).toContain('found no tokenizer.json');
    const score = await graft('score', '--model', MODEL, '--data', data, '--forgetting');
    expect(score).toMatchObject({ code: 2, errors: expect.stringContaining('found no --adapter') });
  });
});
