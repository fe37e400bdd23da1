// CRC-32 of Parquet pages, where a file carries them. hyparquet reads over a page whose sum is wrong; here its column is named.
import type { ColumnChunk } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = (sum >>> 8) ^ TABLE[(sum ^ byte) & 255]!;
  return (sum ^ 0xffffffff) | 0;
}

/** Where the pages of a column chunk lie in the file. */
export function chunkRange({ meta_data }: ColumnChunk): readonly [start: number, end: number] {
  if (meta_data === undefined) return [0, 0];
  const start = Number(meta_data.dictionary_page_offset || meta_data.data_page_offset);
  return [start, start + Number(meta_data.total_compressed_size)];
}

/** False when a page of the chunk has a sum and it is another. `bytes`: the whole chunk. */
export function areSumsRight(bytes: ArrayBuffer): boolean {
  const reader = { view: new DataView(bytes), offset: 0 };
  while (reader.offset < bytes.byteLength - 1) {
    const header = parquetHeader(reader);
    const { crc, compressed_page_size: size } = header;
    if (!(size >= 0) || reader.offset + size > bytes.byteLength) return true; // reading it says what is wrong
    if (crc !== undefined && crc32(new Uint8Array(bytes, reader.offset, size)) !== (crc | 0)) return false;
    reader.offset += size;
  }
  return true;
}
