import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  openCheckpointFolder,
  openDataFile,
  openModelFile,
  openModelFiles,
  openTuningFolder,
  writeFolder,
} from './node.ts';
import { openPreparedFolder } from './prepared-folder.node.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'graft-'));
});
afterAll(() => rm(folder, { recursive: true }));
const bytes = (text: string) => new TextEncoder().encode(text);

describe('writeFolder()', () => {
  it('writes all files and leaves nothing else behind', async () => {
    const out = path.join(folder, 'adapter');
    await writeFolder(out, [
      { name: 'a.json', bytes: bytes('{}') },
      { name: 'b.bin', bytes: bytes('12') },
    ]);
    expect((await readdir(out)).sort()).toEqual(['a.json', 'b.bin']);
    expect(await readFile(path.join(out, 'b.bin'), 'utf8')).toBe('12');
  });

  it('leaves the old files as they were when one cannot be written', async () => {
    const out = path.join(folder, 'kept');
    await writeFolder(out, [{ name: 'a.json', bytes: bytes('old') }]);
    const files = [
      { name: 'a.json', bytes: bytes('new') },
      { name: 'no/such/place', bytes: bytes('x') },
    ];
    await expect(writeFolder(out, files)).rejects.toThrow(/^Cannot write/);
    expect(await readdir(out)).toEqual(['a.json']);
    expect(await readFile(path.join(out, 'a.json'), 'utf8')).toBe('old');
  });
});

describe('openModelFile()', () => {
  it('reads ranges and refuses those outside', async () => {
    const file = path.join(folder, 'digits');
    await writeFile(file, '0123456789');
    const opened = await openModelFile(file);
    expect(new TextDecoder().decode(await opened.read(3, 4))).toBe('3456');
    await expect(opened.read(8, 3)).rejects.toThrow(
      'Cannot read bytes 8 to 11 of "digits": found 10 bytes, need all of them',
    );
  });

  it('opens one .gguf file where a folder would do', async () => {
    const file = path.join(folder, 'one.GGUF');
    await writeFile(file, 'GGUF');
    expect((await openModelFiles(file)).map(({ name, size }) => [name, size])).toEqual([['one.GGUF', 4]]);
    await expect(openModelFiles(path.join(folder, 'none.gguf'))).rejects.toThrow(/found nothing there/);
  });

  it('says what is wrong with a path', async () => {
    await expect(openModelFiles(path.join(folder, 'nowhere'))).rejects.toThrow(/found nothing there, need a folder/);
    await expect(openModelFiles(path.join(folder, 'digits'))).rejects.toThrow(/found a file, need a folder/);
    await expect(openDataFile(folder)).rejects.toThrow(/found a folder, need a file/);
  });
});

describe('openDataFile()', () => {
  const read = async (file: string) => new Response((await openDataFile(file)).stream()).text();

  it('says at once what cannot be read, and why', async () => {
    const at = (name: string) => path.join(folder, name);
    await symlink(at('around.jsonl'), at('around.jsonl'));
    await expect(read(at('none.jsonl'))).rejects.toThrow(
      `Cannot read "${at('none.jsonl')}": found no such file, need one`,
    );
    await expect(read(folder)).rejects.toThrow(`Cannot read "${folder}": found a folder, need a file`);
    await expect(read(at('around.jsonl'))).rejects.toThrow('found a link that leads back to itself, need a file');
    await expect(openModelFile(at('none.json'))).rejects.toThrow('found no such file, need one');
    await writeFile(at('fine.jsonl'), 'fine');
    expect(await read(at('fine.jsonl'))).toBe('fine');
  });

  it.skipIf(process.platform === 'win32')('says that permission is denied', async () => {
    const file = path.join(folder, 'locked.jsonl');
    await writeFile(file, '{}', { mode: 0 });
    // Root may read anything, whatever its mode says.
    const isRoot = process.getuid?.() === 0;
    await chmod(folder, 0o755);
    if (isRoot) process.seteuid!(65534);
    try {
      const denied = `Cannot read "${file}": found that permission is denied, need a file that you may read`;
      await expect(openDataFile(file)).rejects.toThrow(denied);
    } finally {
      if (isRoot) process.seteuid!(0);
    }
  });

  it('says what has gone, or become a folder, since it was opened', async () => {
    const file = path.join(folder, 'passing.jsonl');
    await writeFile(file, '{"text":"here"}\n');
    const opened = await openDataFile(file);
    await rm(file);
    const gone = `Cannot read "${file}": found no such file, need one`;
    await expect(new Response(opened.stream()).text()).rejects.toThrow(gone);
    await expect(opened.slice!(0, 2).arrayBuffer()).rejects.toThrow(gone);
    await mkdir(file);
    await expect(new Response(opened.stream()).text()).rejects.toThrow('found a folder, need a file');
    await expect(opened.slice!(0, 2).arrayBuffer()).rejects.toThrow('found a folder, need a file');
  });
});

describe('openCheckpointFolder()', () => {
  it('keeps the last two records, newest first, past what a kill left behind', async () => {
    const at = path.join(folder, 'checkpoints');
    const store = openCheckpointFolder(at);
    const kept = async () => {
      const texts: string[] = [];
      for await (const record of store.records()) texts.push(new TextDecoder().decode(record));
      return texts;
    };
    expect(await kept()).toEqual([]);
    for (const text of ['one', 'two', 'three']) await store.save(bytes(text));
    expect(await kept()).toEqual(['three', 'two']);
    await writeFile(path.join(at, '4.part'), 'half of fo'); // killed while writing
    expect(await kept()).toEqual(['three', 'two']);
    await store.save(bytes('four'));
    expect(await kept()).toEqual(['four', 'three']);
    expect((await readdir(at)).sort()).toEqual(['000003.checkpoint', '000004.checkpoint']);
    await store.clear();
    expect(await readdir(folder)).not.toContain('checkpoints');
  });

  it('has a record on the disk before its name, and the name before the oldest goes', async () => {
    const at = path.join(folder, 'synced');
    const store = openCheckpointFolder(at);
    await store.save(bytes('one'));
    await store.save(bytes('two'));
    const probe = await open(path.join(folder, 'digits'));
    const handles = Object.getPrototypeOf(probe) as { sync(): Promise<void> };
    await probe.close();
    const seen: string[][] = [];
    const sync = vi.spyOn(handles, 'sync').mockImplementation(async () => void seen.push((await readdir(at)).sort()));
    try {
      await store.save(bytes('three'));
    } finally {
      sync.mockRestore();
    }
    expect(seen).toEqual([
      ['000001.checkpoint', '000002.checkpoint', '3.part'],
      ['000001.checkpoint', '000002.checkpoint', '000003.checkpoint'],
    ]);
  });
});

describe('openPreparedFolder()', () => {
  it('gives back what was committed, and nothing of what was not', async () => {
    const store = openPreparedFolder(path.join(folder, 'prepared'));
    const half = await store.create('half');
    await half!.append(bytes('abc'));
    expect(await store.open('half')).toBeUndefined();
    await half!.abort();

    const whole = await store.create('whole');
    await whole!.append(bytes('abc'));
    await whole!.append(bytes('de'));
    await whole!.commit({ version: 1, hash: 'h', bytes: 5 });
    const kept = await store.open('whole');
    expect(kept?.record.hash).toBe('h');
    expect(new TextDecoder().decode(await kept!.file.read(0, 5))).toBe('abcde');
    await store.remove('whole');
    expect(await store.open('whole')).toBeUndefined();
    expect(await readdir(path.join(folder, 'prepared'))).toEqual([]);
  });

  it('measures what it keeps, leftovers of killed writers too, and forgets all of it', async () => {
    const store = openPreparedFolder(path.join(folder, 'measured'));
    expect(await store.measure()).toEqual({ models: 0, bytes: 0 });
    const whole = await store.create('whole');
    await whole!.append(bytes('abcde'));
    const record = { version: 1, hash: 'h', bytes: 5 };
    await whole!.commit(record);
    await writeFile(path.join(folder, 'measured', 'old.123.part'), 'xyz');
    expect(await store.measure()).toEqual({ models: 1, bytes: 8 + JSON.stringify(record).length });
    await store.clear();
    expect(await store.measure()).toEqual({ models: 0, bytes: 0 });
    expect(await store.open('whole')).toBeUndefined();
  });

  it('keeps a copy that was broken off, and goes on behind what is whole of it', async () => {
    const store = openPreparedFolder(path.join(folder, 'half'));
    const first = await store.create('k');
    await first!.append(bytes('abcde'));
    await first!.suspend({ version: 1, hash: 'h', bytes: 4, tensors: 2 });
    expect(await store.open('k')).toBeUndefined();
    const half = await store.openHalf('k');
    expect(half!.record).toMatchObject({ bytes: 4, tensors: 2 });
    expect(new TextDecoder().decode(await half!.file.read(0, 4))).toBe('abcd');
    const second = await half!.goOn();
    expect(await store.openHalf('k')).toBeUndefined();
    await second.append(bytes('xy'));
    await second.append(bytes('z'));
    await second.commit({ version: 1, hash: 'h', bytes: 7 });
    const kept = await store.open('k');
    expect(new TextDecoder().decode(await kept!.file.read(0, 7))).toBe('abcdxyz');
    expect((await readdir(path.join(folder, 'half'))).sort()).toEqual(['k.bin', 'k.json']);
  });

  it('leaves nothing that looks whole when it cannot commit', async () => {
    const store = openPreparedFolder(path.join(folder, 'uncommitted'));
    const writer = await store.create('k');
    await writer!.append(bytes('abc'));
    // The place of the copy is taken by a folder, as by a disk that fails at the end.
    await mkdir(path.join(folder, 'uncommitted', 'k.json', 'x'), { recursive: true });
    await expect(writer!.commit({ version: 1, hash: 'h', bytes: 3 })).rejects.toThrow();
    expect(await store.open('k')).toBeUndefined();
  });
});

describe('openTuningFolder()', () => {
  it('gives back what was kept under a key, and nothing for another', async () => {
    const store = openTuningFolder(path.join(folder, 'not', 'there', 'yet'));
    expect(await store.load('GPU "A"/1')).toBeUndefined();
    await store.save('GPU "A"/1', 'fast');
    await store.save('GPU "A"/1', 'faster');
    expect(await store.load('GPU "A"/1')).toBe('faster');
    expect(await store.load('GPU "A"/2')).toBeUndefined();
  });
});
