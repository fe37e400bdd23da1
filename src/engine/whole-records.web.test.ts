// Damaged entries of the library, in the browser's own storage code over databases in memory.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { IDBFactory } from 'fake-indexeddb';
import { set } from 'idb-keyval';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openAdapterStore, openRunStore } from '../storage/browser.ts';
import { openDatabase } from '../storage/open-database.ts';
import { FakeLocks } from '../storage/testing/fake-locks.ts';
import { latestCheckpoint } from '../train/checkpoint.ts';
import type { AdapterRecord } from './protocol.ts';
import { wholeRecords } from './whole-records.ts';

const filesIn = (folder: string) => {
  const from = path.join(import.meta.dirname, '..', folder);
  return new Map(readdirSync(from).map((name) => [name, new Uint8Array(readFileSync(path.join(from, name)))]));
};
const FILES = filesIn('train/testing/fixtures/llama/lora_all_linear/adapter');
const RECORD: AdapterRecord = {
  ...{ id: 'whole', name: 'Whole', created: '2026-11-25T00:00:00.000Z', baseId: 'b', baseName: 'B', baseHash: 'ab' },
  ...{ rank: 8, alpha: 16, targets: ['q_proj'], datasetName: 'rows', steps: 1, finalLoss: 2, validationLoss: 2 },
  bytes: 9,
};

beforeEach(() => vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => vi.unstubAllGlobals());

it('lists a damaged record anew from its files, once and for all, and leaves whole ones alone', async () => {
  const bare = openAdapterStore<AdapterRecord>();
  const store = wholeRecords(bare);
  await store.save(RECORD, FILES);
  const records = openDatabase({ name: 'graft-adapters', store: 'records', what: 'the library' });
  const { rank: _, ...torn } = { ...RECORD, id: 'torn', name: 'Torn' };
  for (const [id, record] of Object.entries({ torn, text: 'x', none: null, odd: { ...RECORD, targets: {} } })) {
    await set(id, record, records);
    await set(id, FILES, openDatabase({ name: 'graft-adapter-files', store: 'files', what: 'files' }));
  }
  await set('scales', 'x', records);
  const files = openDatabase({ name: 'graft-adapter-files', store: 'files', what: 'files' });
  await set('scales', filesIn('lora/merge/testing/fixtures/ia3/a'), files);
  await set('empty', { id: 'empty' }, records);
  const listed = await store.list();
  expect(listed.map(({ id }) => id).sort()).toEqual(['none', 'odd', 'scales', 'text', 'torn', 'whole']);
  const find = (id: string) => listed.find((record) => record.id === id)!;
  expect(find('whole')).toEqual(RECORD);
  expect(find('torn')).toMatchObject({ name: 'Torn', rank: expect.any(Number), targets: expect.any(Array) });
  expect([find('torn').method, find('scales').method]).toEqual(['LoRA', 'IA³']);
  expect(find('torn').targets.length).toBeGreaterThan(1);
  expect(find('text')).toMatchObject({
    name: 'Recovered adapter',
    rank: find('torn').rank,
    created: expect.any(String),
  });
  expect((await bare.list()).find(({ id }) => id === 'torn')).toEqual(find('torn'));
});

it('finds the older checkpoint when the newest is damaged, and none when nothing is whole', async () => {
  const { encodeCheckpoint } = await import('../train/checkpoint.ts');
  const { DEFAULT_SETTINGS } = await import('../train/recipe.ts');
  const state = { params: new Float32Array(4), m: new Float32Array(4), v: new Float32Array(4) };
  const step = { loss: 2, lr: 1e-3, gradNorm: 1, tokens: 9, supervised: 4, ms: 5 };
  const record = (steps: number) =>
    encodeCheckpoint({
      ...{ totalSteps: 9, savedAt: '2026-11-25T00:00:00Z', settings: DEFAULT_SETTINGS, evals: [], rates: [], state },
      identity: { base: 'b', data: 'd', layout: 'l', device: 'x', deviceName: 'x' },
      steps: Array.from({ length: steps }, () => step),
    });
  const checkpoints = openRunStore(new FakeLocks().openTab().locks as unknown as LockManager).checkpoints(0);
  for (const steps of [1, 2, 3]) await checkpoints.save(await record(steps));
  expect((await latestCheckpoint(checkpoints)).checkpoint!.steps.length).toBe(3);
  const slots = openDatabase({ name: 'graft-run', store: 'run', what: 'the run' });
  await set('slot 0', (await record(3)).subarray(0, 100), slots);
  const older = await latestCheckpoint(checkpoints);
  await set('slot 1', null, slots);
  const none = await latestCheckpoint(checkpoints);
  expect(older.checkpoint!.steps.length).toBe(2);
  expect(older.refused).toEqual([expect.stringMatching(/^Cannot read checkpoint: found 100 bytes, need \d+$/)]);
  expect(none.checkpoint).toBeUndefined();
  expect(none.refused.length).toBe(2);
});
