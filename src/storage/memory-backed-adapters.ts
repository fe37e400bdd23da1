// An adapter that the browser's storage refuses (quota reached, storage blocked, a private window) is not lost: it is held in memory,
// shown with the reason, and offered to the storage again at every look at the library.

import type { AdapterStore, StoredRecord } from './adapter-store.ts';

/** A record that may say why it is in memory alone. */
export interface MaybeUnsaved extends StoredRecord {
  readonly unsaved?: string | undefined;
}

export function withMemory<R extends MaybeUnsaved>(store: AdapterStore<R>): AdapterStore<R> {
  const held = new Map<string, { readonly record: R; readonly files: ReadonlyMap<string, Uint8Array> }>();

  const offer = async (record: R, files: ReadonlyMap<string, Uint8Array>): Promise<void> => {
    const { unsaved: _, ...clean } = record;
    try {
      await store.save(clean as R, files);
      held.delete(record.id);
    } catch (error) {
      // Files without their record would take room that nobody sees.
      await store.remove(record.id).catch(() => {});
      held.set(record.id, { record: { ...record, unsaved: reason(error) }, files });
    }
  };

  return {
    /** Throws only when the storage cannot be read and nothing is held. */
    async list() {
      for (const { record, files } of [...held.values()]) await offer(record, files);
      const stored = await store.list().catch((error: Error) => {
        if (held.size === 0) throw error;
        return [];
      });
      return [...stored, ...[...held.values()].map(({ record }) => record)];
    },
    files: async (id) => held.get(id)?.files ?? store.files(id),
    /** Never refuses: what cannot be stored is held. */
    save: offer,
    async update(record) {
      const entry = held.get(record.id);
      if (entry === undefined) await store.update(record);
      else held.set(record.id, { ...entry, record: { ...record, unsaved: entry.record.unsaved } });
    },
    async remove(id) {
      if (!held.delete(id)) await store.remove(id);
    },
  };
}

function reason(error: unknown): string {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return name === 'QuotaExceededError' ? 'the storage that this browser gives to the page is full' : message;
}
