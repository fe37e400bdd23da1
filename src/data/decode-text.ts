// A file's bytes → blocks of text with "\n" as the only line end (LF, CRLF and CR come in), at a memory of a few
// blocks. UTF-8 is checked: a line that is not UTF-8 is read as Windows-1252 by itself and named, so that one Excel
// row does not garble a file, and no U+FFFD appears silently.
import type { Encoding } from './detect-encoding.ts';
import { readBytes } from './read-bytes.ts';
import type { ReadContext } from './read-context.ts';
import type { DataFile } from './types.ts';

/** A line longer than this is decoded in several blocks; bounds the bytes that wait for a line end. */
const MAX_BLOCK_BYTES = 4 * 1024 * 1024;
const LF = 10;
const CR = 13;

export async function* decodeText(file: DataFile, encoding: Encoding, context: ReadContext): AsyncGenerator<string> {
  if (encoding.isGuess)
    context.notices.warn(file.name, 0, `looks like ${encoding.label.toUpperCase()} without a mark and is read as such`);
  const blocks =
    encoding.label === 'utf-8' ? decodeUtf8(file, encoding, context) : decodeUtf16(file, encoding, context);
  let heldReturn = '';
  for await (const block of blocks) {
    // A CR at the end of a block may be the first half of a CRLF.
    const text = heldReturn + block;
    heldReturn = text.endsWith('\r') ? '\r' : '';
    const folded = foldLineEnds(heldReturn === '' ? text : text.slice(0, -1));
    if (folded !== '') yield folded;
  }
  if (heldReturn !== '') yield '\n';
}

export function foldLineEnds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

async function* decodeUtf16(file: DataFile, encoding: Encoding, context: ReadContext): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding.label);
  for await (const bytes of readBytes(file, context)) yield decoder.decode(bytes, { stream: true });
  yield decoder.decode();
}

async function* decodeUtf8(file: DataFile, encoding: Encoding, context: ReadContext): AsyncGenerator<string> {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let line = 1;
  for await (const bytes of alignToLines(readBytes(file, context), encoding.bomBytes)) {
    let text: string;
    try {
      text = strict.decode(bytes);
    } catch {
      text = decodeByLine(bytes, (index, byte) =>
        context.notices.warn(
          file.name,
          line + index,
          `byte 0x${byte.toString(16).toUpperCase()} is not UTF-8, so the line is read as Windows-1252`,
          'windows-1252',
        ),
      );
    }
    line += countLineEnds(bytes);
    yield text;
  }
}

/** Joins chunks so that each block ends at a line end, or between two characters when a line is very long. */
async function* alignToLines(chunks: AsyncIterable<Uint8Array>, skip: number): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let left = skip;
  for await (const whole of chunks) {
    const chunk = whole.subarray(Math.min(left, whole.length));
    left -= whole.length - chunk.length;
    const isLong = waitingBytes + chunk.length > MAX_BLOCK_BYTES;
    const end = lastLineEnd(chunk) || (isLong ? characterEnd(chunk) : 0);
    if (end > 0) {
      yield join([...waiting, chunk.subarray(0, end)]);
      waiting = [];
      waitingBytes = 0;
    }
    if (end < chunk.length) waiting.push(chunk.subarray(end));
    waitingBytes += chunk.length - end;
  }
  if (waiting.length > 0) yield join(waiting);
}

/** One past the last LF or CR; 0 when there is none. A CR at the very end waits: a LF may follow. */
function lastLineEnd(bytes: Uint8Array): number {
  return Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR, -2)) + 1;
}

/** Where the last character that has begun may still lack bytes: the block ends before it. */
function characterEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte === CR) return bytes.length - back;
    if (byte < 0x80) return bytes.length - back + 1;
    if (byte >= 0xc0) return bytes.length - back;
  }
  return bytes.length;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Line by line: UTF-8 where it is, else Windows-1252, told with the line's index in the block and its first odd byte. */
function decodeByLine(bytes: Uint8Array, onOdd: (index: number, byte: number) => void): string {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const parts: string[] = [];
  let index = 0;
  for (let start = 0; start < bytes.length; index++) {
    let end = start;
    while (end < bytes.length && bytes[end] !== LF && bytes[end] !== CR) end++;
    if (bytes[end] === CR && bytes[end + 1] === LF) end++;
    const line = bytes.subarray(start, end + 1);
    try {
      parts.push(strict.decode(line));
    } catch {
      onOdd(index, firstOddByte(line));
      parts.push(decodeWindows1252(line));
    }
    start = end + 1;
  }
  return parts.join('');
}

/**
 * Bytes 0x80 to 0x9F; the five that Windows leaves open stay control characters. Written out because Node's
 * TextDecoder('windows-1252') reads them all as control characters (nodejs/node#56542: "€" and curly quotes vanish);
 * goes when the oldest supported Node has that mended.
 */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

function decodeWindows1252(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => WINDOWS_1252[byte - 0x80] ?? String.fromCharCode(byte)).join('');
}

/** The first byte that does not fit into UTF-8: where a lenient decoder would put U+FFFD. */
function firstOddByte(line: Uint8Array): number {
  const good = new TextDecoder().decode(line).split('\ufffd')[0] ?? '';
  return line[new TextEncoder().encode(good).length] ?? 0;
}

function countLineEnds(bytes: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === CR || (bytes[i] === LF && bytes[i - 1] !== CR)) count += 1;
  }
  return count;
}
