// The browser's storage of the open dataset, in IndexedDB (idb-keyval).

import { clear, createStore, delMany, get, getMany, keys, set, setMany } from 'idb-keyval';
import type { DatasetStore } from './dataset-store.ts';

/** The open dataset: its state, and each block of its rows under the dataset's id and a number. */
export function openDatasetStore<S>(): DatasetStore<S> {
  const store = createStore('graft-dataset', 'dataset');
  interface Kept {
    readonly id: string;
    readonly state: S;
    readonly blocks: number;
  }
  const keyOf = (id: string, block: number) => `${id} ${block}`;
  return {
    async save(id, state, blocks, firstChanged) {
      const changed = blocks.slice(firstChanged).map((bytes, i) => [keyOf(id, firstChanged + i), bytes] as const);
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
