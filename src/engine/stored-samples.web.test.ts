// What Graft has stored in any of its versions is still opened, from samples of each that lie in testing/stored; and what a newer
// one has stored is refused with a sentence and stays as it is. `node tools/stored-samples.mjs` writes the sample of today's.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileFromBytes, type ModelFile, readText } from '../model/model-file.ts';
import { openAdapterStore, openRunArchive, openRunStore, openTuningStore } from '../storage/browser.ts';
import { openDatasetStore } from '../storage/browser-datasets.ts';
import { openPreparedStore } from '../storage/browser-prepared.ts';
import { openPreparedFolder } from '../storage/prepared-folder.node.ts';
import { FakeLocks } from '../storage/testing/fake-locks.ts';
import { readOnlyOpfs } from '../storage/testing/read-only-opfs.web.ts';
import { decodeCheckpoint } from '../train/checkpoint.ts';
import { createEngine } from './engine.ts';
import type { KeptDataset } from './kept-dataset.ts';
import type { KeptRun } from './kept-run.ts';
import { type AdapterRecord, type EngineApi, type RunEvent, writeRecipe } from './protocol.ts';
import { readRecipe } from './read-recipe.ts';
import { readReceipt } from './receipt/receipt.ts';
import type { EngineHost } from './session.ts';
import { type DatabaseDump, dumpDatabases, fromPlain, plantDatabases, toPlain } from './testing/dump-databases.web.ts';
import { openSquares, quietHost, SETTINGS, tinyModel } from './testing/memory-host.ts';

const STORED = path.join(import.meta.dirname, 'testing/stored');
/** Changes with the first format that does; then the sample of the old one stays, and today's is written beside it. */
const TODAY = '1';
const LONG = { ...SETTINGS, epochs: 18, evalEvery: 20, dropout: 0.1 };
const noProgress = () => {};

function openTab(locks: FakeLocks, model: () => readonly ModelFile[], change: Partial<EngineHost> = {}) {
  const tab = locks.openTab();
  const engine = createEngine({
    ...quietHost(),
    fetchModel: async () => model(),
    adapters: openAdapterStore<AdapterRecord>(),
    runs: openRunStore<KeptRun>(tab.locks as unknown as LockManager),
    archive: openRunArchive(),
    datasets: openDatasetStore<KeptDataset>(),
    tunings: openTuningStore(),
    ...change,
  });
  return { engine, close: tab.close };
}

async function openBase(engine: EngineApi) {
  await engine.base.openDevice();
  await engine.base.openModel({ kind: 'bundled', id: 'tiny', url: '' }, 'q8', noProgress);
}

/** The whole of what a visit leaves: a library, a list of runs, a dataset, and a run that its tab did not live to end. */
async function writeSample(folder: string): Promise<void> {
  const model = tinyModel();
  mkdirSync(path.join(folder, 'model'), { recursive: true });
  for (const { name, size, read } of model)
    writeFileSync(path.join(folder, 'model', path.basename(name)), await read(0, size));
  const prepared = openPreparedFolder(path.join(folder, 'prepared'));
  const locks = new FakeLocks();
  const { engine, close } = openTab(locks, () => model, { prepared });
  await openBase(engine);
  await openSquares(engine);
  const samples = { prompts: ['row 3'], everySteps: 20, maxTokens: 4 };
  const { adapterId } = await engine.run.train('finished', 'Squares', SETTINGS, noProgress, { samples });
  await engine.library.tagAdapter(adapterId, ['sample']);
  const backup = await engine.library.backup({ theme: '"dark"' }, noProgress);
  writeFileSync(path.join(folder, 'backup.zip'), new Uint8Array(await backup.arrayBuffer()));
  await new Promise<void>((resolve) => {
    void engine.run.train('cut-off', 'Cut off', LONG, (event) => {
      if (event.type !== 'step' || event.step !== 55) return;
      // A paused run writes nothing more, and its end never comes.
      void engine.run.pauseRun('cut-off').then(resolve);
    });
  });
  const data = { name: 'squares.jsonl', rows: 10 };
  writeFileSync(
    path.join(folder, 'recipe.json'),
    writeRecipe({ recipe: 1, name: 'Squares', settings: SETTINGS, data }),
  );
  await vi.waitUntil(async () => (await dumpDatabases(indexedDB)).some(({ name }) => name === 'graft-dataset'), {
    timeout: 10_000,
  });
  const dumps = await dumpDatabases(indexedDB);
  const lines = dumps.map((dump) => JSON.stringify(toPlain(dump)));
  writeFileSync(path.join(folder, 'databases.jsonl.gz'), gzipSync(lines.join('\n')));
  close();
}

function readSample(version: string) {
  const folder = path.join(STORED, version);
  const bytes = (name: string) => new Uint8Array(readFileSync(path.join(folder, name)));
  const lines = gunzipSync(bytes('databases.jsonl.gz')).toString().split('\n');
  return {
    folder,
    dumps: lines.map((line) => fromPlain(JSON.parse(line)) as DatabaseDump),
    model: () =>
      readdirSync(path.join(folder, 'model')).map((name) => fileFromBytes(`tiny/${name}`, bytes(`model/${name}`))),
    backup: (name = 'backup.zip') => new File([bytes('backup.zip')], name),
    recipe: readFileSync(path.join(folder, 'recipe.json'), 'utf8'),
    opfs: () => {
      const names = readdirSync(path.join(folder, 'prepared'));
      const files = new Map(names.map((name) => [name, bytes(`prepared/${name}`)]));
      return readOnlyOpfs(new Map([['prepared-models', files]]));
    },
    prepared: (to: string) => {
      // A copy: opening may write.
      mkdirSync(to, { recursive: true });
      for (const name of readdirSync(path.join(folder, 'prepared')))
        writeFileSync(path.join(to, name), bytes(`prepared/${name}`));
      return openPreparedFolder(to);
    },
  };
}

let scratch: string;
beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  scratch = path.join(tmpdir(), `graft-stored-${process.pid}-${Math.random()}`);
});
afterEach(() => vi.unstubAllGlobals());

if (process.env.GRAFT_WRITE_SAMPLES)
  it('writes the sample of today', async () => {
    await writeSample(path.join(STORED, TODAY));
  });

describe.each(readdirSync(STORED))('what version %s has stored', (version) => {
  it('is opened: library, runs, dataset, and an interrupted run, which goes on to its end', async () => {
    const sample = readSample(version);
    await plantDatabases(indexedDB, sample.dumps);
    const { engine } = openTab(new FakeLocks(), sample.model);
    await openBase(engine);

    const [adapter, ...others] = await engine.library.listAdapters();
    expect(others).toEqual([]);
    expect(adapter).toMatchObject({ name: 'Squares', tags: ['sample'], recipe: { rank: SETTINGS.rank } });
    const { checks } = await engine.library.verifyAdapter(adapter!.id);
    // Another device answers within rounding; everything else is as it was written.
    expect(checks.filter(({ status }) => status !== 'passed')).toEqual([]);

    const runs = await engine.runs.listRuns();
    expect(runs.map(({ name, state }) => [name, state])).toEqual([
      ['Cut off', 'interrupted'],
      ['Squares', 'done'],
    ]);
    const finished = runs.find(({ id }) => id === 'finished')!;
    const curves = await engine.runs.runCurves('finished');
    expect(curves!.loss.length).toBe(finished.steps);
    expect(curves!.samples.length).toBeGreaterThan(1);
    expect((await engine.runs.keepState('finished', finished.keptSteps[0]!)).name).toBe(
      `Squares, step ${finished.keptSteps[0]}`,
    );

    const dataset = await engine.data.restoreDataset(32, noProgress);
    expect(dataset!.report).toMatchObject({ name: 'squares.jsonl', rows: 10 });

    const left = await engine.run.interruptedRun();
    expect(left!.members).toMatchObject([{ runId: 'cut-off', adapterName: 'Cut off', step: 50, totalSteps: 72 }]);
    const told: RunEvent[] = [];
    const ends = await engine.run.resumeInterrupted((event) => void told.push(event));
    expect(ends).toMatchObject([{ runId: 'cut-off', result: { steps: 72 } }]);
    expect((await engine.library.listAdapters()).map(({ name }) => name)).toContain('Cut off');
  });

  it('is opened: backup, recipe, receipt, and the copy of a model', async () => {
    const sample = readSample(version);
    const prepared = sample.prepared(scratch);
    let copies = 0;
    const watched = {
      ...prepared,
      create: (key: string) => {
        copies++;
        return prepared.create(key);
      },
    };
    const { engine } = openTab(new FakeLocks(), sample.model, { prepared: watched });
    await engine.base.openDevice();
    await engine.base.openModel({ kind: 'bundled', id: 'tiny', url: '' }, 'q8', noProgress);
    expect(copies, 'the copy was taken, not made anew').toBe(0);
    expect(await engine.library.restoreBackup(sample.backup(), noProgress)).toEqual({
      adapters: 1,
      known: 0,
      page: { theme: '"dark"' },
    });
    const [adapter] = await engine.library.listAdapters();
    expect((await engine.library.verifyAdapter(adapter!.id)).passed).toBe(true);
    expect(readRecipe(sample.recipe).settings).toEqual(SETTINGS);
  });

  it("is opened: the copy of a model in the browser's file system", async () => {
    const sample = readSample(version);
    vi.stubGlobal('navigator', { storage: sample.opfs() });
    const prepared = openPreparedStore();
    const create = vi.spyOn(prepared, 'create');
    const { engine } = openTab(new FakeLocks(), sample.model, { prepared });
    await openBase(engine);
    expect(create, 'the copy was taken, not made anew').not.toHaveBeenCalled();
  });
});

describe('what a newer version has stored is refused and stays as it is', () => {
  const NEWER = 'written by a newer version of Graft, need that one: load the page anew';

  it('in every database', async () => {
    const sample = readSample(TODAY);
    await plantDatabases(indexedDB, sample.dumps, 99);
    const before = await dumpDatabases(indexedDB);
    const { engine } = openTab(new FakeLocks(), sample.model);
    await openBase(engine);
    await expect(engine.library.listAdapters()).rejects.toThrow(`Cannot open the library: it was ${NEWER}`);
    await expect(engine.runs.listRuns()).rejects.toThrow(`Cannot open the list of runs: it was ${NEWER}`);
    await expect(engine.run.interruptedRun()).rejects.toThrow(`Cannot open the run that goes on: it was ${NEWER}`);
    await expect(engine.data.restoreDataset(32, noProgress)).rejects.toThrow(NEWER);
    // What is made now is kept in memory, and says why.
    await openSquares(engine);
    const said: string[] = [];
    await engine.run.train('mine', 'Mine', { ...SETTINGS, epochs: 2 }, (event) => {
      if (event.type === 'state' && event.message) said.push(event.message);
    });
    expect(said.join('\n')).toContain(`Cannot open the run that goes on: it was ${NEWER}`);
    const mine = (await engine.library.listAdapters()).find(({ name }) => name === 'Mine');
    expect(mine?.unsaved).toContain(NEWER);
    expect(toPlain(await dumpDatabases(indexedDB))).toEqual(toPlain(before));
  });

  it('in the run that goes on, where only its checkpoints are of a newer version', async () => {
    const sample = readSample(TODAY);
    const newer = await Promise.all(
      sample.dumps.map(async (dump) => ({
        ...dump,
        entries: await Promise.all(
          dump.entries.map(async ([key, value]) =>
            key.startsWith('slot ')
              ? ([key, await withVersion(value as Uint8Array, 2)] as const)
              : ([key, value] as const),
          ),
        ),
      })),
    );
    await plantDatabases(indexedDB, newer);
    const runOf = async () => toPlain((await dumpDatabases(indexedDB)).find(({ name }) => name === 'graft-run'));
    const before = await runOf();
    const { engine } = openTab(new FakeLocks(), sample.model);
    await openBase(engine);
    await openSquares(engine);
    const says = 'Cannot read checkpoint: found version 2, need version 1';
    await expect(engine.run.interruptedRun()).rejects.toThrow(says);
    const said: string[] = [];
    await engine.run.train('mine', 'Mine', { ...SETTINGS, epochs: 2 }, (event) => {
      if (event.type === 'state' && event.message) said.push(event.message);
    });
    expect(said.join()).toContain(`This run is not kept while it goes: ${says}`);
    expect(await runOf()).toEqual(before);
  });

  it('in checkpoints, backups, recipes and receipts', async () => {
    const sample = readSample(TODAY);
    const slots = sample.dumps.find(({ name }) => name === 'graft-run')!.entries;
    const [, record] = slots.find(([key]) => key.startsWith('slot'))! as [string, Uint8Array];
    expect((await decodeCheckpoint(record)).steps.length, 'unchanged (control)').toBe(50);
    await expect(decodeCheckpoint(await withVersion(record, 2))).rejects.toThrow(
      'Cannot read checkpoint: found version 2, need version 1',
    );

    const { zipSync, unzipSync } = await import('fflate');
    const entries = unzipSync(new Uint8Array(await sample.backup().arrayBuffer()));
    entries['graft-backup.json'] = new TextEncoder().encode(JSON.stringify({ format: 2, adapters: 1 }));
    const newer = new File([zipSync(entries) as Uint8Array<ArrayBuffer>], 'newer.zip');
    const { engine } = openTab(new FakeLocks(), sample.model);
    await expect(engine.library.restoreBackup(newer, noProgress)).rejects.toThrow(
      'Cannot open backup "newer.zip": found another format, need a backup of this version (format 1)',
    );
    expect(await engine.library.listAdapters()).toEqual([]);

    const recipe = sample.recipe.replace('"recipe": 1', '"recipe": 2');
    expect(() => readRecipe(recipe)).toThrow('need 1, the only version there is');

    const files = sample.dumps.find(({ name }) => name === 'graft-adapter-files')!.entries[0]![1];
    const receipt = (files as ReadonlyMap<string, Uint8Array>).get('graft_receipt.json')!;
    const text = await readText(fileFromBytes('graft_receipt.json', receipt));
    const changed = new TextEncoder().encode(text.replace('"format": 1', '"format": 2'));
    await expect(readReceipt(fileFromBytes('graft_receipt.json', changed))).rejects.toThrow(
      'Cannot read "graft_receipt.json": found format 2, need 1',
    );
  });
});

/** The record as a newer version would have sealed it. */
async function withVersion(record: Uint8Array, version: number): Promise<Uint8Array> {
  const body = Buffer.from(record.subarray(0, -32));
  const at = body.indexOf('"version":1');
  body.write(`"version":${version}`, at);
  return new Uint8Array([...body, ...new Uint8Array(await crypto.subtle.digest('SHA-256', body))]);
}
