// A database of one store, as idb-keyval works on it, with what that leaves out: a version. An older form is lifted to today's
// in the transaction that opens it, whole or not at all; a newer one is refused and stays as it is. A tab that stands in the
// way of a newer one lets go.

import type { UseStore } from 'idb-keyval';

export interface DatabaseForm {
  readonly name: string;
  readonly store: string;
  /** For people: "the library". */
  readonly what: string;
  /**
   * Entry v − 1 makes of an entry of version v that of version v + 1; so their number says which version is today's. Throwing
   * leaves everything as it was. A sample of every version is kept in engine/testing/stored.
   */
  readonly migrations?: readonly ((value: unknown, key: IDBValidKey) => unknown)[];
}

/** Rejects each use with a sentence while the database cannot be opened, and tries again at the next one. */
export function openDatabase(form: DatabaseForm): UseStore {
  let opened: Promise<IDBDatabase> | undefined;
  const forget = () => {
    opened = undefined;
  };
  const connect = () => {
    opened ??= open(form, forget);
    opened.catch(forget);
    return opened;
  };
  return async (mode, work) => {
    const use = (database: IDBDatabase) => work(database.transaction(form.store, mode).objectStore(form.store));
    try {
      return await use(await connect());
    } catch (error) {
      // Browsers close connections by themselves, and not all of them say so.
      if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error;
      forget();
      return use(await connect());
    }
  };
}

async function open({ name, store, what, migrations = [] }: DatabaseForm, onGone: () => void): Promise<IDBDatabase> {
  const version = 1 + migrations.length;
  const cannot = (found: string, need?: string) =>
    new Error(`Cannot open ${what}: ${found}${need === undefined ? '' : `, ${need}`}`);
  return new Promise((resolve, reject) => {
    let hasGivenUp = false;
    const giveUp = (error: Error) => {
      hasGivenUp = true;
      reject(error);
    };
    let request: IDBOpenDBRequest;
    try {
      request = indexedDB.open(name, version);
    } catch (error) {
      return reject(cannot(`this browser gives the page no storage (${(error as Error).message})`));
    }
    request.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion === 0) request.result.createObjectStore(store);
      else lift(request.transaction!.objectStore(store), migrations.slice(oldVersion - 1));
    };
    request.onblocked = () =>
      giveUp(cannot('found an older Graft that holds it in another tab', 'need that tab closed'));
    request.onerror = () => {
      const { error } = request;
      if (error?.name === 'VersionError')
        giveUp(cannot('it was written by a newer version of Graft', 'need that one: load the page anew'));
      else giveUp(cannot(`this browser gives the page no storage (${error?.message || error?.name})`));
    };
    request.onsuccess = () => {
      const database = request.result;
      const letGo = () => {
        database.close();
        onGone();
      };
      // Whoever asked has been told already.
      if (hasGivenUp) return letGo();
      database.onversionchange = letGo;
      database.onclose = onGone;
      resolve(database);
    };
  });
}

/** Within the transaction that opens the database: all entries, or none. */
function lift(store: IDBObjectStore, steps: NonNullable<DatabaseForm['migrations']>): void {
  const walk = store.openCursor();
  walk.onsuccess = () => {
    const cursor = walk.result;
    if (cursor === null) return;
    cursor.update(steps.reduce((value, step) => step(value, cursor.key), cursor.value as unknown));
    cursor.continue();
  };
}
