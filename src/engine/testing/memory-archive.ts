// The list of runs in memory, for tests.

import type { RunArchive } from '../../storage/run-archive.ts';
import type { RunCurves, RunRecord } from '../protocol.ts';

export function memoryArchive(): RunArchive<RunRecord, RunCurves> {
  const records = new Map<string, RunRecord>();
  const curves = new Map<string, RunCurves>();
  const states = new Map<string, ReadonlyMap<string, Uint8Array>>();
  return {
    list: async () => [...records.values()],
    record: async (id) => records.get(id),
    save: async (record) => void records.set(record.id, structuredClone(record)),
    curves: async (id) => curves.get(id),
    saveCurves: async (id, kept) => void curves.set(id, structuredClone(kept)),
    state: async (id, step) => states.get(`${id} ${step}`),
    saveState: async (id, step, files) => void states.set(`${id} ${step}`, structuredClone(files)),
    async remove(id) {
      records.delete(id);
      curves.delete(id);
      for (const key of states.keys()) if (key.startsWith(`${id} `)) states.delete(key);
    },
  };
}
