// All databases of an IndexedDB as JSON and back: what a browser has stored, as a sample that lies in the repository.

export interface DatabaseDump {
  readonly name: string;
  readonly version: number;
  readonly store: string;
  readonly entries: readonly (readonly [key: string, value: unknown])[];
}

const ARRAYS = { Uint8Array, Uint32Array, Int32Array, Float32Array, Float64Array } as const;
type ArrayName = keyof typeof ARRAYS;

/** JSON with what structured cloning has beyond it, each as an object with "$". */
export function toPlain(value: unknown): unknown {
  if (value === undefined) return { $: 'undefined' };
  if (typeof value === 'number' && !Number.isFinite(value)) return { $: 'number', value: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) return { $: 'Map', entries: [...value].map((entry) => entry.map(toPlain)) };
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return { $: value.constructor.name, base64: bytes.toString('base64') };
  }
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toPlain(entry)]));
}

export function fromPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  const { $: kind, ...rest } = value as Record<string, unknown>;
  if (kind === undefined)
    return Object.fromEntries(Object.entries(rest).map(([key, entry]) => [key, fromPlain(entry)]));
  if (kind === 'undefined') return undefined;
  if (kind === 'number') return Number(rest.value);
  if (kind === 'Map')
    return new Map((rest.entries as unknown[][]).map(([key, entry]) => [fromPlain(key), fromPlain(entry)]));
  const bytes = Buffer.from(String(rest.base64), 'base64');
  return new ARRAYS[kind as ArrayName](new Uint8Array(bytes).buffer);
}

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export async function dumpDatabases(factory: IDBFactory): Promise<DatabaseDump[]> {
  const dumps: DatabaseDump[] = [];
  for (const { name, version } of await factory.databases()) {
    const database = await done(factory.open(name!));
    for (const store of database.objectStoreNames) {
      const all = database.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([done(all.getAllKeys()), done(all.getAll())]);
      dumps.push({ name: name!, version: version!, store, entries: keys.map((key, i) => [String(key), values[i]]) });
    }
    database.close();
  }
  return dumps.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `version` in place of what a dump says: a made-up newer one. */
export async function plantDatabases(
  factory: IDBFactory,
  dumps: readonly DatabaseDump[],
  version?: number,
): Promise<void> {
  for (const { name, store, entries, ...dump } of dumps) {
    const opening = factory.open(name, version ?? dump.version);
    opening.onupgradeneeded = () => {
      const all = opening.result.createObjectStore(store);
      for (const [key, value] of entries) all.put(value, key);
    };
    (await done(opening)).close();
  }
}
