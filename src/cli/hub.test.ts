// A model by its id gives what the same model gives as a folder, on a Hub that breaks every connection once.

import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type FakeHub, startFakeHub } from '../model/hub/testing/fake-hub.ts';
import { graft } from './testing/graft.ts';

const MODEL = path.join(import.meta.dirname, '../train/testing/fixtures/llama/model');
const ROWS = [
  [3, 141, 59, 26, 53, 58, 97],
  [9, 32, 384, 62, 64, 33, 83, 27],
];

let folder: string;
let data: string;
let hub: FakeHub;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'graft-'));
  data = path.join(folder, 'rows.jsonl');
  await writeFile(data, ROWS.map((ids) => `${JSON.stringify({ input_ids: ids })}\n`).join(''));
  const files = Object.fromEntries(
    readdirSync(MODEL).map((name) => [name, new Uint8Array(readFileSync(path.join(MODEL, name)))]),
  );
  hub = await startFakeHub({
    'org/tiny': { files, licence: 'apache-2.0' },
    'org/gated': { files, token: 'hf_secret' },
  });
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true });
});

const score = (model: string, ...more: string[]) =>
  graft('score', '--model', model, '--data', data, '--quant', 'f32', '--json', ...more);

describe('graft --model org/name', () => {
  it('scores rows as the folder does', async () => {
    hub.fault = ({ origin }, count) => (origin === 'storage' && count === 1 ? { cutAfter: 100_000 } : undefined);
    const here = await score(MODEL);
    const there = await score('org/tiny');
    hub.fault = undefined;
    expect(there.code, there.errors).toBe(0);
    expect(JSON.parse(here.last).tokens).toBeGreaterThan(0);
    expect(JSON.parse(there.last)).toEqual(JSON.parse(here.last));
    expect(there.errors).toContain('org/tiny: 0.4 of 0.4 MB');
  });

  it('opens a gated model with --hf-token or HF_TOKEN, and says what is missing without', async () => {
    const without = await score('org/gated');
    expect(without).toMatchObject({ code: 1, errors: expect.stringContaining('it is gated') });
    expect((await score('org/gated', '--hf-token', 'hf_secret')).code).toBe(0);
    vi.stubEnv('HF_TOKEN', 'hf_secret');
    expect((await score('org/gated')).code).toBe(0);
    vi.stubEnv('HF_TOKEN', '');
  });

  it('inspects a model without reading its weights', async () => {
    const before = hub.seen.length;
    const { last } = await graft('inspect', 'org/tiny', '--json');
    expect(JSON.parse(last)).toMatchObject({ kind: 'model', name: 'org/tiny', family: 'llama', licence: 'apache-2.0' });
    expect(hub.seen.length - before).toBeLessThan(8);
  });

  it('says that neither a folder nor a model of that name is there', async () => {
    const { code, errors } = await score('no/such');
    expect(code).toBe(1);
    expect(errors).toContain('(and "no/such" is no folder here)');
    expect((await score('nothing')).errors).toContain('Cannot open "nothing": found nothing there');
  });
});
