// Files for tests: from text or bytes, in chunks of any size; and the shared datasets, where they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRows } from '../open-rows.ts';
import { createReadContext } from '../read-context.ts';
import type { DataFile, Notice, Row } from '../types.ts';

export function fileOf(name: string, content: string | Uint8Array, chunkBytes = 64 * 1024): DataFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    name,
    size: bytes.length,
    stream: () => {
      let offset = 0;
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          if (offset >= bytes.length) return controller.close();
          controller.enqueue(bytes.subarray(offset, offset + chunkBytes));
          offset += chunkBytes;
        },
      });
    },
  };
}

const SHARED = join(import.meta.dirname, '../../../../shared/datasets');

/** Why tests on the shared datasets are skipped; undefined when they are here. */
export const sharedMissing = existsSync(SHARED) ? undefined : 'no ../shared/datasets beside the repository';
if (sharedMissing) console.warn(`SKIPPED: tests on real datasets, ${sharedMissing}`);

export function sharedFile(path: string): DataFile {
  return fileOf(path.split('/').at(-1)!, readFileSync(join(SHARED, path)));
}

/** Every data file there, by its path. */
export function sharedPaths(): string[] {
  return readdirSync(SHARED, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.\w+$/.test(path) && !/README\.md$|expected\.json$|\.mjs$/.test(path))
    .sort();
}

export function sharedText(path: string): string {
  return readFileSync(join(SHARED, path), 'utf8');
}

/** All of an async iterable. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A file's rows as plain objects, with what was noticed on the way. */
export async function readAll(file: DataFile): Promise<{
  format: string;
  rows: { line: number; fields: Record<string, unknown> }[];
  skipped: Notice[];
  warnings: Notice[];
}> {
  const context = createReadContext(file.size);
  const { format, rows } = await openRows(file, context);
  const all = (await collect(rows)).flat();
  return {
    format,
    rows: all.map(({ line, fields }) => ({ line, fields: Object.fromEntries(fields) })),
    skipped: context.notices.skipped,
    warnings: context.notices.warnings,
  };
}

/** A row as a reader makes it. */
export function rowOf(fields: Record<string, unknown>, line = 1): Row {
  return { file: 'test.jsonl', line, fields: new Map(Object.entries(fields)) };
}
