// The browser's storage of the open dataset, in IndexedDB (idb-keyval).

import { clear, delMany, get, getMany, keys, set, setMany } from 'idb-keyval';
import type { DatasetStore } from './dataset-store.ts';
import { openDatabase } from './open-database.ts';

/** The open dataset: its state, and each block of its rows under the dataset's id and a number. */
export function openDatasetStore<S>(): DatasetStore<S> {
  const store = openDatabase({ name: 'graft-dataset', store: 'dataset', what: 'the dataset of the last visit' });
  interface Kept {
    readonly id: string;
    readonly state: S;
    readonly blocks: number;
  }
  const keyOf = (id: string, block: number) => `${id} ${block}`;
  return {
    async save(id, state, blocks, firstChanged) {
      // Another tab may have put its dataset in place of what was written before.
      const first = (await get<Kept>('dataset', store))?.id === id ? firstChanged : 0;
      const changed = blocks.slice(first).map((bytes, i) => [keyOf(id, first + i), bytes] as const);
      await setMany(
        changed.map(([key, bytes]) => [key, bytes]),
        store,
      );
      await set('dataset', { id, state, blocks: blocks.length } satisfies Kept, store);
      const others = (await keys<string>(store)).filter((key) => key !== 'dataset' && !key.startsWith(`${id} `));
      await delMany(others, store);
    },
    async load() {
      const kept = await get<Kept>('dataset', store);
      if (kept === undefined) return undefined;
      const names = Array.from({ length: kept.blocks }, (_, i) => keyOf(kept.id, i));
      const blocks = await getMany<Uint8Array | undefined>(names, store);
      const whole = blocks.filter((block) => block !== undefined);
      return whole.length === blocks.length ? { id: kept.id, state: kept.state, blocks: whole } : undefined;
    },
    clear: () => clear(store),
  };
}
