// The library's storage in memory, for tests.

import type { AdapterStore } from '../../storage/adapter-store.ts';
import type { AdapterRecord } from '../protocol.ts';

export type StoredAdapters = Map<string, { record: AdapterRecord; files: ReadonlyMap<string, Uint8Array> }>;

export function memoryAdapters(): { readonly adapters: StoredAdapters; readonly store: AdapterStore<AdapterRecord> } {
  const adapters: StoredAdapters = new Map();
  const store: AdapterStore<AdapterRecord> = {
    list: async () => [...adapters.values()].map(({ record }) => record),
    files: async (id) => adapters.get(id)!.files,
    save: async (record, files) => void adapters.set(record.id, { record, files }),
    update: async (record) => void adapters.set(record.id, { ...adapters.get(record.id)!, record }),
    remove: async (id) => void adapters.delete(id),
  };
  return { adapters, store };
}
