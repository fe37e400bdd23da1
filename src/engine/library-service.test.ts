import { strToU8, zipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AdapterRecord, EngineApi } from './protocol.ts';
import type { StoredAdapters } from './testing/memory-adapters.ts';
import { memoryEngine, openSquares, openTiny, SETTINGS } from './testing/memory-host.ts';

const SHORT = { ...SETTINGS, epochs: 3 };
const noProgress = () => {};

/** A library of one adapter, as a run has left it. */
async function trained() {
  const { engine, adapters } = memoryEngine();
  await openTiny(engine);
  await openSquares(engine);
  const { adapterId } = await engine.run.train('run', 'Squares', SHORT, noProgress);
  return { engine, adapters, id: adapterId };
}

let engine: EngineApi;
let adapters: StoredAdapters;
let id: string;
beforeAll(async () => {
  ({ engine, adapters, id } = await trained());
});

const only = (records: readonly AdapterRecord[], name: string) => records.find((record) => record.name === name)!;

describe('LibraryService', () => {
  it('keeps recipe and curve of a run, also of one that comes as a file', async () => {
    const [record] = await engine.library.listAdapters();
    expect(record!.recipe).toEqual(SHORT);
    expect(record!.curve!.length).toBe(record!.steps);
    const { zip } = await engine.library.downloadAdapter(id);
    const imported = await engine.library.importAdapter([new File([zip as Uint8Array<ArrayBuffer>], 'again.zip')]);
    expect(imported).toMatchObject({ name: 'again', recipe: SHORT, curve: record!.curve });
    await engine.library.deleteAdapter(imported.id);
    await engine.library.purgeDeleted();
  });

  it('keeps tags once each', async () => {
    await engine.library.tagAdapter(id, ['haiku', 'best', 'haiku']);
    expect((await engine.library.listAdapters())[0]!.tags).toEqual(['haiku', 'best']);
  });

  it('makes a second one that lives on when the first is gone for good', async () => {
    const copy = await engine.library.duplicateAdapter(id, 'Copy');
    expect(adapters.get(copy.id)!.files).toEqual(adapters.get(id)!.files);
    await engine.library.deleteAdapter(copy.id);
    expect(only(await engine.library.listDeleted(), 'Copy').id).toBe(copy.id);
    await engine.library.purgeDeleted();
    expect(adapters.has(copy.id)).toBe(false);
    expect(adapters.has(id)).toBe(true);
  });

  it('brings a deleted one back within a week, and forgets it later', async () => {
    const copy = await engine.library.duplicateAdapter(id, 'Copy');
    await engine.library.deleteAdapter(copy.id);
    expect(only(await engine.library.listAdapters(), 'Copy')).toBeUndefined();
    await engine.library.restoreAdapter(copy.id);
    expect(only(await engine.library.listAdapters(), 'Copy').id).toBe(copy.id);

    await engine.library.deleteAdapter(copy.id);
    const { record, files } = adapters.get(copy.id)!;
    const days = (n: number) => new Date(Date.now() - n * 24 * 3600 * 1000).toISOString();
    adapters.set(copy.id, { record: { ...record, deleted: days(6) }, files });
    expect((await engine.library.listDeleted()).length).toBe(1);
    adapters.set(copy.id, { record: { ...record, deleted: days(8) }, files });
    expect(await engine.library.listDeleted()).toEqual([]);
    expect(adapters.has(copy.id)).toBe(false);
  });
});

const PAGE = { settings: '{"rank":8}' };

async function asFile(backup: Blob): Promise<File> {
  return new File([backup], 'graft.zip');
}

describe('a backup', () => {
  it('brings everything into an empty library, to the byte, and nothing twice', async () => {
    const file = await asFile(await engine.library.backup(PAGE, noProgress));
    const empty = memoryEngine();
    const first = await empty.engine.library.restoreBackup(file, noProgress);
    expect(first).toEqual({ adapters: 1, known: 0, page: PAGE });
    expect(empty.adapters.get(id)).toEqual(adapters.get(id));
    const again = await empty.engine.library.restoreBackup(file, noProgress);
    expect(again).toEqual({ adapters: 0, known: 1, page: PAGE });

    await empty.engine.library.deleteAdapter(id);
    expect((await empty.engine.library.restoreBackup(file, noProgress)).adapters, 'a deleted one comes back').toBe(1);
    expect((await empty.engine.library.listAdapters()).length).toBe(1);
  });

  it('is a zip in which an adapter is a PEFT folder', async () => {
    const { unzipSync } = await import('fflate');
    const file = await engine.library.backup(PAGE, noProgress);
    const entries = unzipSync(new Uint8Array(await file.arrayBuffer()));
    expect(Object.keys(entries)).toContain('adapters/0/adapter_model.safetensors');
    expect(entries['adapters/0/adapter_model.safetensors']).toEqual(
      adapters.get(id)!.files.get('adapter_model.safetensors'),
    );
  });

  const manifest = { 'graft-backup.json': strToU8('{"format":1}'), 'page.json': strToU8('{}') };
  const record = (change: object = {}) => strToU8(JSON.stringify({ ...adapters.get(id)!.record, ...change }));
  const weights = {
    'adapters/0/adapter_config.json': strToU8('{}'),
    'adapters/0/adapter_model.safetensors': strToU8('x'),
  };
  const zip = (files: Record<string, Uint8Array>) => new File([zipSync(files) as Uint8Array<ArrayBuffer>], 'bad.zip');
  const whole = () => ({ ...manifest, ...weights, 'adapters/0/graft_record.json': record() });

  it('that is hostile or broken is refused in a sentence, and nothing of it is added', async () => {
    const damaged = new Uint8Array(await zip(whole()).arrayBuffer());
    const at = new TextDecoder('latin1').decode(damaged).indexOf('adapters/0/adapter_model.safetensors');
    damaged[at + 'adapters/0/adapter_model.safetensors'.length] = 7;
    const cases: [File, RegExp][] = [
      [new File(['no zip at all'], 'bad.zip'), /^Cannot open backup "bad.zip": found .+, need a zip file$/],
      [new File([], 'bad.zip'), /need a zip file$/],
      [zip({ 'other.txt': strToU8('hello') }), /found no "graft-backup.json"/],
      [zip({ ...manifest, 'graft-backup.json': strToU8('{"format":99}') }), /found another format/],
      [zip({ ...whole(), 'page.json': strToU8('{"a":1}') }), /notes in "page.json" that are no texts/],
      [zip({ ...whole(), 'page.json': strToU8('not json') }), /"page.json" with/],
      [zip({ ...whole(), 'page.json': new Uint8Array(40 * 1024 ** 2) }), /"page.json" of 41943040 bytes, need at most/],
      [
        zip({ ...whole(), 'adapters/0/graft_record.json': new Uint8Array(30 * 1024 ** 2) }),
        /packed more than 1000 times/,
      ],
      [zip({ ...whole(), 'adapters/0/../../evil': strToU8('x') }), /found Unsafe filename/],
      [zip({ ...whole(), 'adapters/0/a\u202eb': strToU8('x') }), /need files with plain names/],
      [zip({ ...whole(), 'adapters/0/graft_record.json': record({ id: '../x' }) }), /graft_record.json" with/],
      [zip({ ...whole(), 'adapters/0/graft_record.json': record({ rank: 'many' }) }), /graft_record.json" with/],
      [zip({ ...manifest, 'adapters/0/graft_record.json': record() }), /found no "adapters\/0\/adapter_config.json"/],
      [new File([damaged], 'bad.zip'), /adapter_model.safetensors" damaged/],
    ];
    for (const [file, says] of cases) {
      const empty = memoryEngine();
      await expect(empty.engine.library.restoreBackup(file, noProgress)).rejects.toThrow(says);
      expect(empty.adapters.size, String(says)).toBe(0);
    }
    const control = memoryEngine();
    await control.engine.library.restoreBackup(zip(whole()), noProgress);
    expect(control.adapters.size, 'control: the same without a fault').toBe(1);
  });
});
