// What a page claims, held against what it has, before hyparquet decodes it. A run of equal values is written as their number and
// the value: a changed number lets an array grow until the engine gives up, and the tab with it. Levels and dictionary
// indices are such runs; they are gone over here without making any of the values.
import type { ColumnChunk, Compressors, FileMetaData, PageHeader } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getSchemaPath } from 'hyparquet/src/schema.js';
import { snappyUncompress } from 'hyparquet/src/snappy.js';

/** Writers end a page at about a megabyte, or some ten thousand values. Stops arrays that are made because a page says so. */
const MAX_PAGE_VALUES = 1 << 24;

interface Page {
  readonly header: PageHeader;
  /** As it lies in the file, behind the levels where those are apart from it. */
  readonly packed: Uint8Array;
  readonly widths: { readonly repetition: number; readonly definition: number };
  readonly isBoolean: boolean;
}

/** The decompressors of a column's chunks, each page checked when it is unpacked. Throws for one that need not be unpacked. */
export function checkedCodecs(
  chunks: readonly { readonly chunk: ColumnChunk; readonly bytes: ArrayBuffer }[],
  { schema }: FileMetaData,
  codecs: Compressors,
): Compressors {
  const pages = chunks.flatMap(({ chunk, bytes }) => pagesOf(chunk, bytes, schema));
  const checked = (unpack: NonNullable<Compressors[keyof Compressors]>) => (input: Uint8Array, bytes: number) => {
    const unpacked = unpack(input, bytes);
    const page = pages.find(({ packed }) => isSame(packed, input));
    if (page !== undefined) checkPage(unpacked, page);
    return unpacked;
  };
  const snappy = (input: Uint8Array, bytes: number) => {
    const out = new Uint8Array(bytes);
    snappyUncompress(input, out);
    return out;
  };
  return Object.fromEntries(
    Object.entries({ SNAPPY: snappy, ...codecs }).map(([name, unpack]) => [name, checked(unpack)]),
  );
}

function pagesOf({ meta_data: meta }: ColumnChunk, bytes: ArrayBuffer, schema: FileMetaData['schema']): Page[] {
  if (meta === undefined) return [];
  const path = getSchemaPath(schema, meta.path_in_schema);
  const widths = {
    repetition: widthOf(getMaxRepetitionLevel(path)),
    definition: widthOf(getMaxDefinitionLevel(path)),
  };
  const pages: Page[] = [];
  const reader = { view: new DataView(bytes), offset: 0 };
  while (reader.offset < bytes.byteLength - 1) {
    const header = parquetHeader(reader);
    const size = header.compressed_page_size;
    if (!(size >= 0) || reader.offset + size > bytes.byteLength) break; // reading it says what is wrong
    const { data_page_header_v2: second } = header;
    const values = (header.data_page_header ?? second ?? header.dictionary_page_header)?.num_values ?? 0;
    if (!(values >= 0 && values <= MAX_PAGE_VALUES))
      throw new RangeError(`a page of ${values} values, need at most ${MAX_PAGE_VALUES}`);
    const whole = new Uint8Array(bytes, reader.offset, size);
    let packed = whole;
    if (second !== undefined) {
      const { repetition_levels_byte_length: first, definition_levels_byte_length: more } = second;
      if (!(first >= 0 && more >= 0)) throw new RangeError(`levels of ${first} and ${more} bytes`);
      // Their length is a claim too, and decoding does not keep to it.
      checkRuns(whole, widths.repetition, values);
      checkRuns(whole.subarray(first), widths.definition, values);
      packed = whole.subarray(first + more);
    }
    const page = { header, packed, widths, isBoolean: meta.type === 'BOOLEAN' };
    if (meta.codec === 'UNCOMPRESSED' || second?.is_compressed === false) checkPage(packed, page);
    else pages.push(page);
    reader.offset += size;
  }
  return pages;
}

/** @param bytes of the page, unpacked. */
function checkPage(bytes: Uint8Array, { header, widths, isBoolean }: Page): void {
  const { data_page_header: first, data_page_header_v2: second } = header;
  let rest = bytes;
  const takeRuns = (width: number, values: number) => {
    const length = rest.length < 4 ? 0 : new DataView(rest.buffer, rest.byteOffset).getUint32(0, true);
    checkRuns(rest.subarray(4), width, values);
    rest = rest.subarray(4 + length);
  };
  const data = first ?? second;
  if (data === undefined) return;
  if (first !== undefined) {
    if (widths.repetition > 0) takeRuns(widths.repetition, first.num_values);
    if (widths.definition > 0) takeRuns(widths.definition, first.num_values);
  }
  const isRuns = ['RLE', 'RLE_DICTIONARY', 'PLAIN_DICTIONARY'].includes(data.encoding);
  if (!isRuns) return;
  if (isBoolean) takeRuns(1, data.num_values);
  else if (rest.length > 0) checkRuns(rest.subarray(1), rest[0]!, data.num_values);
}

/** Throws when a run of `width`-bit values has more of them than are left of `values`. */
function checkRuns(bytes: Uint8Array, width: number, values: number): void {
  let at = 0;
  let seen = 0;
  while (width > 0 && seen < values && at < bytes.length) {
    let head = 0;
    for (let shift = 0; at < bytes.length; shift += 7) {
      const byte = bytes[at++]!;
      head |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    const isPacked = (head & 1) === 1;
    const count = isPacked ? 8 * (head >>> 1) : head >>> 1;
    if (!isPacked && count > values - seen)
      throw new RangeError(`a run of ${count} values, need at most ${values - seen}`);
    at += isPacked ? (count / 8) * width : Math.ceil(width / 8);
    seen += count;
  }
}

function widthOf(most: number): number {
  return 32 - Math.clz32(most);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
