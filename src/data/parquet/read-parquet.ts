// Parquet → rows: column by column within a row group, so that one column which cannot be read does not take the others
// with it. The "line" of a row is its number. hyparquet decodes pages; what it cannot is named with column and codec.
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  type RowGroup,
} from 'hyparquet';
import { cannotRead } from '../dataset-error.ts';
import type { ReadContext } from '../read-context.ts';
import { MAX_COLUMNS } from '../row-from-value.ts';
import type { DataFile, Row } from '../types.ts';
import { UnreadableFileError, unreadable } from '../unreadable-file.ts';
import { checkedCodecs } from './check-pages.ts';
import { CODECS } from './codecs.ts';
import { areSumsRight, chunkRange } from './page-sums.ts';

/** Rows handed on at once. */
const BATCH_ROWS = 1000;
/** A row group is decoded whole; writers make them of some 100 MB. Stops a crafted header that claims more than a tab has. */
const MAX_GROUP_BYTES = 1024 * 1024 * 1024;
/** A file without `slice` is read into memory first. */
const MAX_WHOLE_BYTES = 1024 * 1024 * 1024;

export async function* readParquet(file: DataFile, context: ReadContext): AsyncGenerator<Row[]> {
  const source = await openBuffer(file, context);
  const metadata = await readMetadata(file.name, source);
  const names = metadata.schema.slice(1).length === 0 ? [] : topColumns(metadata);
  if (names.length === 0) throw cannotRead(file.name, 'found no columns');
  if (names.length > MAX_COLUMNS)
    throw cannotRead(file.name, `found ${names.length} columns`, `at most ${MAX_COLUMNS} columns`);
  const bad = new Map<string, string>();
  let first = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    if (Number(group.total_byte_size) > MAX_GROUP_BYTES)
      throw cannotRead(
        file.name,
        `found a row group of ${Math.round(Number(group.total_byte_size) / 1e6)} MB`,
        `row groups of at most ${Math.round(MAX_GROUP_BYTES / 1e6)} MB`,
        first + 1,
      );
    const columns = new Map<string, readonly unknown[]>();
    for (const name of names) {
      context.signal?.throwIfAborted();
      await context.breathe();
      if (bad.has(name)) continue;
      let hasRightSums = true;
      try {
        const chunks = await chunksOf(source, group, name);
        hasRightSums = chunks.every(({ bytes }) => areSumsRight(bytes));
        const compressors = checkedCodecs(chunks, metadata, CODECS);
        columns.set(name, await readColumn(source, metadata, name, [first, first + rows], compressors));
      } catch (error) {
        if (error instanceof UnreadableFileError) throw error;
        bad.set(name, describeFailure(error, group, name));
        continue;
      }
      if (!hasRightSums)
        context.notices.warn(
          file.name,
          first + 1,
          `a page of "${name}" has a wrong checksum: its values may be damaged`,
          `sum ${name}`,
        );
    }
    if (columns.size === 0) break;
    yield* makeRows(file.name, columns, first, rows, context);
    first += rows;
  }
  for (const [name, reason] of bad)
    context.notices.warn(file.name, 0, `the column "${name}" cannot be read and is left out: ${reason}`);
  if (bad.size === names.length)
    throw cannotRead(
      file.name,
      `no column that can be read (${[...bad].map(([name, reason]) => `"${name}": ${reason}`).join('; ')})`,
      'Parquet in Snappy, gzip, zstd, Brotli, LZ4 or uncompressed',
    );
}

async function openBuffer(file: DataFile, context: ReadContext): Promise<AsyncBuffer> {
  if (file.slice !== undefined) {
    const slice = async (start: number, end = file.size) => {
      const buffer = await file.slice!(start, end)
        .arrayBuffer()
        .catch((error) => {
          throw unreadable(file.name, error);
        });
      context.countBytes(buffer.byteLength);
      return buffer;
    };
    return { byteLength: file.size, slice };
  }
  if (file.size > MAX_WHOLE_BYTES) throw cannotRead(file.name, 'found a large file that cannot be read in parts');
  const whole = await new Response(file.stream()).arrayBuffer();
  context.countBytes(whole.byteLength);
  return { byteLength: whole.byteLength, slice: (start, end) => whole.slice(start, end) };
}

async function readMetadata(name: string, source: AsyncBuffer): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(source);
  } catch (error) {
    if (error instanceof UnreadableFileError) throw error;
    throw cannotRead(
      name,
      `a Parquet file whose footer cannot be read (${reasonOf(error)})`,
      'a complete Parquet file',
    );
  }
}

function topColumns({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  for (let at = 1; at < schema.length && names.length <= MAX_COLUMNS; at = skipTree(schema, at))
    names.push(schema[at]!.name);
  return names;
}

/** Index after the subtree that begins at `at`; the schema is a tree written in preorder. */
function skipTree(schema: FileMetaData['schema'], at: number): number {
  let next = at + 1;
  for (let open = schema[at]!.num_children ?? 0; open > 0 && next < schema.length; open--) {
    open += schema[next]!.num_children ?? 0;
    next += 1;
  }
  return next;
}

async function readColumn(
  file: AsyncBuffer,
  metadata: FileMetaData,
  name: string,
  [rowStart, rowEnd]: readonly [number, number],
  compressors: Compressors,
): Promise<readonly unknown[]> {
  const options = { file, metadata, columns: [name], rowStart, rowEnd, compressors, geoparquet: false };
  const rows = await parquetReadObjects(options);
  return rows.map((row) => plainValue(row[name]));
}

/** The bytes of a column in a row group; of several columns where it has fields of its own. */
function chunksOf(source: AsyncBuffer, group: RowGroup, name: string) {
  const own = group.columns.filter(({ meta_data }) => meta_data?.path_in_schema[0] === name);
  return Promise.all(
    own.map(async (chunk) => {
      const [start, end] = chunkRange(chunk);
      return { chunk, bytes: await source.slice(start, Math.min(end, source.byteLength)) };
    }),
  );
}

async function* makeRows(
  file: string,
  columns: ReadonlyMap<string, readonly unknown[]>,
  first: number,
  count: number,
  context: ReadContext,
): AsyncGenerator<Row[]> {
  for (let start = 0; start < count; start += BATCH_ROWS) {
    await context.breathe();
    yield Array.from({ length: Math.min(BATCH_ROWS, count - start) }, (_, i) => ({
      file,
      line: first + start + i + 1,
      fields: new Map([...columns].map(([name, values]) => [name, values[start + i]])),
    }));
  }
}

/** As JSON would have it: 64-bit integers as numbers where they fit, dates as text, bytes as their count. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value === undefined) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return { bytes: value.length };
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<unknown>, plainValue);
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item)]));
  return value;
}

function describeFailure(error: unknown, group: RowGroup, name: string): string {
  const codecs = new Set(
    group.columns
      .filter(({ meta_data }) => meta_data?.path_in_schema[0] === name)
      .map(({ meta_data }) => meta_data?.codec),
  );
  return `${reasonOf(error)}, codec ${[...codecs].join(', ') || 'unknown'}`;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^parquet /, '').slice(0, 200);
}
