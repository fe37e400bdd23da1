// A dropped file → its format and its rows, block by block: what it is comes from its first bytes.
import { decodeText, foldLineEnds } from './decode-text.ts';
import { detectEncoding } from './detect-encoding.ts';
import { readHead } from './read-bytes.ts';
import type { ReadContext } from './read-context.ts';
import { readDocuments } from './read-documents.ts';
import { readJson } from './read-json.ts';
import { readJsonl } from './read-jsonl.ts';
import type { DataFile, FileFormat, Row } from './types.ts';

/** Looked at for detection. Even a row with a long prompt usually ends within it. */
const HEAD_BYTES = 64 * 1024;

export interface OpenRows {
  readonly format: FileFormat;
  readonly rows: AsyncGenerator<Row[]>;
}

/** Throws DatasetError when the file is no text, or empty. */
export async function openRows(file: DataFile, context: ReadContext): Promise<OpenRows> {
  const head = await readHead(file, HEAD_BYTES, context.signal);
  if (isParquet(head.bytes)) {
    // Loaded when it is needed: a fifth of the engine's code, for a format that few bring.
    const { readParquet } = await import('./parquet/read-parquet.ts');
    return { format: 'parquet', rows: readParquet(file, context) };
  }
  const encoding = detectEncoding(file.name, head.bytes);
  const text = new TextDecoder(encoding.label).decode(head.bytes.subarray(encoding.bomBytes));
  // Both stand on the library for tables, which a first visit does without.
  const { detectFormat } = await import('./detect-format.ts');
  const { format, delimiter } = detectFormat(file.name, foldLineEnds(text), head.isWhole);
  const openBlocks = (reader: ReadContext) => decodeText(file, encoding, reader);
  switch (format) {
    case 'jsonl':
      return { format, rows: readJsonl(file.name, openBlocks(context), context) };
    case 'json':
      return { format, rows: readJson(file.name, openBlocks(context), context) };
    case 'csv':
    case 'tsv': {
      const { readTable } = await import('./read-table.ts');
      return { format, rows: readTable(file.name, openBlocks, delimiter ?? ',', context) };
    }
    default:
      return { format, rows: readDocuments(file.name, openBlocks(context), format === 'markdown', context) };
  }
}

/** "PAR1"; an encrypted footer says "PARE", and nobody but its owner can read on. */
function isParquet(head: Uint8Array): boolean {
  return String.fromCharCode(...head.subarray(0, 4)) === 'PAR1';
}
