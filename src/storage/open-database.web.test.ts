// Versions of a database, and browsers that give none, by an IndexedDB in memory.

import { IDBFactory } from 'fake-indexeddb';
import { get, set, setMany } from 'idb-keyval';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DatabaseForm, openDatabase } from './open-database.ts';

const FORM: DatabaseForm = { name: 'graft-test', store: 'things', what: 'the things' };
/** In version 2 a thing is a text in an object, in version 3 that object has another name for it. */
const LATER: DatabaseForm = {
  ...FORM,
  migrations: [(value) => ({ text: value }), (value) => ({ words: (value as { text: string }).text })],
};

beforeEach(() => vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => vi.unstubAllGlobals());

describe('openDatabase()', () => {
  it('opens what idb-keyval wrote by itself', async () => {
    const { createStore } = await import('idb-keyval');
    await set('a', 'one', createStore(FORM.name, FORM.store));
    expect(await get('a', openDatabase(FORM))).toBe('one');
  });

  it('lifts an older one through every version between, once', async () => {
    await set('a', 'one', openDatabase(FORM));
    const later = openDatabase(LATER);
    expect(await get('a', later)).toEqual({ words: 'one' });
    expect(await get('a', openDatabase(LATER))).toEqual({ words: 'one' });
    await set('b', { words: 'two' }, later);
    expect(await get('b', later)).toEqual({ words: 'two' });
  });

  it('leaves an older one as it was when lifting it fails', async () => {
    await setMany(
      [
        ['a', 'one'],
        ['b', 'two'],
      ],
      openDatabase(FORM),
    );
    const failing = openDatabase({
      ...FORM,
      migrations: [
        (value, key) => {
          if (key === 'b') throw new Error('found no way to lift it');
          return { lifted: value };
        },
      ],
    });
    await expect(get('a', failing)).rejects.toThrow('Cannot open the things: ');
    expect(await get('a', openDatabase(FORM))).toBe('one');
  });

  it('refuses a newer one with a sentence and changes nothing of it', async () => {
    await set('a', { words: 'one' }, openDatabase(LATER));
    const older = openDatabase(FORM);
    const says =
      'Cannot open the things: it was written by a newer version of Graft, need that one: load the page anew';
    await expect(get('a', older)).rejects.toThrow(says);
    await expect(set('a', 'mine', older)).rejects.toThrow(says);
    expect(await get('a', openDatabase(LATER))).toEqual({ words: 'one' });
  });

  it('lets go for a newer version in another tab, and is refused from then on', async () => {
    const older = openDatabase(FORM);
    await set('a', 'one', older);
    expect(await get('a', openDatabase(LATER))).toEqual({ words: 'one' });
    await expect(set('a', 'mine', older)).rejects.toThrow('newer version of Graft');
  });

  it('says so when an older version in another tab does not let go, and opens when it has', async () => {
    const holding = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(FORM.name, 1);
      request.onupgradeneeded = () => void request.result.createObjectStore(FORM.store).put('one', 'a');
      request.onsuccess = () => resolve(request.result);
    });
    const later = openDatabase(LATER);
    await expect(get('a', later)).rejects.toThrow(
      'Cannot open the things: found an older Graft that holds it in another tab, need that tab closed',
    );
    holding.close();
    await vi.waitFor(async () => expect(await get('a', later)).toEqual({ words: 'one' }), { timeout: 60_000 });
  });

  it('says so where the browser gives no storage, and tries again', async () => {
    const store = openDatabase(FORM);
    const factory = indexedDB;
    vi.stubGlobal('indexedDB', undefined);
    await expect(set('a', 1, store)).rejects.toThrow(
      'Cannot open the things: this browser gives the page no storage (',
    );
    const throws = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    };
    vi.stubGlobal('indexedDB', { open: throws });
    await expect(set('a', 1, store)).rejects.toThrow('no storage (The operation is insecure.)');
    vi.stubGlobal('indexedDB', factory);
    await set('a', 1, store);
    expect(await get('a', store)).toBe(1);
  });

  it('opens anew when the browser has closed the connection', async () => {
    const databases: IDBDatabase[] = [];
    const open = indexedDB.open.bind(indexedDB);
    indexedDB.open = (...args) => {
      const request = open(...args);
      request.addEventListener('success', () => databases.push(request.result));
      return request;
    };
    const store = openDatabase(FORM);
    await set('a', 1, store);
    databases[0]!.close();
    await set('a', 2, store);
    expect(await get('a', store)).toBe(2);
    expect(databases.length).toBe(2);
  });
});
