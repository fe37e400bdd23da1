// Where the entries of a zip lie in its file, read by range: torch.save stores tensors uncompressed, so that each is a range
// of the checkpoint and none has to be unpacked. Zip64 included. Format: PKWARE's APPNOTE.TXT, 4.3.

import type { ModelFile } from '../model-file.ts';

/** Bytes [begin, end) of the file. */
export interface ZipEntry {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
/** The end record with the longest comment, and the locator before it. */
const TAIL_BYTES = 22 + 65_535 + 20;
/** An entry takes 46 bytes and its name: enough for a hundred thousand tensors. */
const MAX_DIRECTORY_BYTES = 32_000_000;
const LATER = 0xffffffff;
const HEAD_BYTES = 30;
/** What follows an entry's bytes: with 32-bit sizes, with 64-bit sizes, nothing. */
const DESCRIPTOR_BYTES = [16, 24, 0];
/** Of torch's entries. */
const ALIGNMENT = 64;

/** Every stored entry. Throws a SyntaxError that names the file: no zip, compressed, or ranges that are not inside it. */
export async function readZipDirectory(file: ModelFile): Promise<ZipEntry[]> {
  const bad = (found: string, need: string) =>
    new SyntaxError(`Cannot open "${file.name}": found ${found}, need ${need}`);
  const tailBegin = Math.max(0, file.size - TAIL_BYTES);
  const tail = view(await file.read(tailBegin, file.size - tailBegin));
  let endAt = tail.byteLength - 22;
  while (endAt >= 0 && tail.getUint32(endAt, true) !== END) endAt--;
  if (endAt < 0) throw bad('no list of entries at the end', 'a complete zip');
  let size = tail.getUint32(endAt + 12, true);
  let begin = tail.getUint32(endAt + 16, true);
  if (endAt >= 20 && tail.getUint32(endAt - 20, true) === LOCATOR_64) {
    const at = Number(tail.getBigUint64(endAt - 12, true));
    if (!isRange(at, 56, file.size)) throw bad('a list of entries outside the file', 'a complete zip');
    const end = view(await file.read(at, 56));
    if (end.getUint32(0, true) !== END_64) throw bad('a list of entries without its head', 'a complete zip');
    size = Number(end.getBigUint64(40, true));
    begin = Number(end.getBigUint64(48, true));
  }
  if (size > MAX_DIRECTORY_BYTES) throw bad(`a list of entries of ${size} bytes`, `at most ${MAX_DIRECTORY_BYTES}`);
  if (!isRange(begin, size, file.size)) throw bad('a list of entries outside the file', 'a complete zip');
  const headers = readHeaders(view(await file.read(begin, size)));
  if (typeof headers === 'string') throw bad(headers, 'a complete zip');
  headers.sort((a, b) => a.local - b.local);
  const entries: ZipEntry[] = [];
  for (const [i, header] of headers.entries()) {
    const { name, method, stored, size, local } = header;
    if (method !== 0 || stored !== size) throw bad(`"${name}" compressed`, 'entries as torch.save stores them');
    if (!isRange(local, HEAD_BYTES, file.size)) throw bad(`"${name}" outside the file`, 'a complete zip');
    const first = alignedBegin(header, headers[i + 1]?.local ?? begin) ?? (await readBegin(file, local));
    if (first === undefined) throw bad(`"${name}" without its head`, 'a complete zip');
    if (!isRange(first, size, file.size)) throw bad(`"${name}" outside the file`, 'a complete zip');
    entries.push({ name, begin: first, end: first + size });
  }
  return entries;
}

/**
 * Where an entry's bytes begin, by torch's own layout: at a multiple of 64, with the next entry right behind them and their
 * descriptor. Without it each tensor's head would have to be read, which for a file on the Hub means fetching all of it.
 */
function alignedBegin({ local, nameBytes, size }: Header, next: number): number | undefined {
  const headEnd = local + HEAD_BYTES + nameBytes;
  return DESCRIPTOR_BYTES.map((bytes) => next - bytes - size).find(
    (begin) => begin % ALIGNMENT === 0 && begin >= headEnd && begin < headEnd + 2 * ALIGNMENT,
  );
}

/** The same from the entry's own head; undefined when there is none. */
async function readBegin(file: ModelFile, local: number): Promise<number | undefined> {
  const head = view(await file.read(local, HEAD_BYTES));
  if (head.getUint32(0, true) !== LOCAL) return undefined;
  return local + HEAD_BYTES + head.getUint16(26, true) + head.getUint16(28, true);
}

interface Header {
  readonly name: string;
  readonly nameBytes: number;
  readonly method: number;
  readonly stored: number;
  readonly size: number;
  /** Where its own head stands in the file. */
  readonly local: number;
}

/** A sentence's part when the list is cut or is something else. */
function readHeaders(list: DataView): Header[] | string {
  const headers: Header[] = [];
  for (let at = 0; at < list.byteLength; ) {
    if (at + 46 > list.byteLength || list.getUint32(at, true) !== ENTRY) return 'a list of entries that breaks off';
    const nameBytes = list.getUint16(at + 28, true);
    const extraBytes = list.getUint16(at + 30, true);
    const next = at + 46 + nameBytes + extraBytes + list.getUint16(at + 32, true);
    if (next > list.byteLength) return 'a list of entries that breaks off';
    const extra = new DataView(list.buffer, list.byteOffset + at + 46 + nameBytes, extraBytes);
    const [size, stored, local] = large(extra, [
      list.getUint32(at + 24, true),
      list.getUint32(at + 20, true),
      list.getUint32(at + 42, true),
    ]);
    headers.push({
      name: new TextDecoder().decode(new Uint8Array(list.buffer, list.byteOffset + at + 46, nameBytes)),
      nameBytes,
      method: list.getUint16(at + 10, true),
      stored: stored!,
      size: size!,
      local: local!,
    });
    at = next;
  }
  return headers;
}

/** Sizes that do not fit 32 bits stand in the extra field 1, in this order. */
function large(extra: DataView, fields: readonly number[]): number[] {
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== 1) continue;
    let from = at + 4;
    return fields.map((value) => {
      if (value !== LATER || from + 8 > extra.byteLength) return value;
      from += 8;
      return Number(extra.getBigUint64(from - 8, true));
    });
  }
  return [...fields];
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const isRange = (begin: number, length: number, size: number) =>
  Number.isSafeInteger(begin) && begin >= 0 && begin + length <= size;
