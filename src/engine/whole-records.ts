// A record of the library that is damaged is made anew from the adapter's own files, so that one bad entry neither hides an
// adapter nor breaks the list.

import type { AdapterStore } from '../storage/adapter-store.ts';
import type { AdapterRecord } from './protocol.ts';

const TEXTS = ['name', 'created', 'baseId', 'baseName', 'baseHash', 'datasetName'] as const;
const NUMBERS = ['rank', 'alpha', 'steps', 'finalLoss', 'bytes'] as const;

/** `store`, of which every record is whole. */
export function wholeRecords(store: AdapterStore<AdapterRecord>): AdapterStore<AdapterRecord> {
  const mend = async (record: AdapterRecord): Promise<AdapterRecord | undefined> => {
    if (isWhole(record)) return record;
    const files = await store.files(record.id).catch(() => undefined);
    // Nothing is left that could be brought back.
    if (files === undefined) return undefined;
    const { recoverRecord } = await import('./recover-record.ts');
    const mended = await recoverRecord(record, files);
    await store.update(mended).catch(() => {});
    return mended;
  };
  return {
    ...store,
    async list() {
      const records = await Promise.all((await store.list()).map(mend));
      return records.filter((record) => record !== undefined);
    },
  };
}

/** What lists and cards rely on. */
function isWhole(record: { readonly [Name in keyof AdapterRecord]: unknown }): boolean {
  const { targets, curve, tags } = record;
  return (
    TEXTS.every((name) => typeof record[name] === 'string') &&
    NUMBERS.every((name) => typeof record[name] === 'number') &&
    Array.isArray(targets) &&
    [curve, tags].every((list) => list === undefined || Array.isArray(list))
  );
}
