// Bytes → which text they are, from the head of a file. Anything that is no text is refused here, in one sentence,
// before a parser complains about each of its lines. UTF-8 is only assumed: decode-text.ts finds the lines that are not.
import { cannotRead } from './dataset-error.ts';

export interface Encoding {
  readonly label: 'utf-8' | 'utf-16le' | 'utf-16be';
  readonly bomBytes: number;
  /** True: no mark says so, the pattern of zero bytes does. */
  readonly isGuess: boolean;
}

/** Known files that people drop by mistake, by their first bytes (latin1). */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ['PARE', 'an encrypted Parquet file'],
  ['\x89PNG', 'a PNG image (binary, not text)'],
  ['\xff\xd8\xff', 'a JPEG image (binary, not text)'],
  ['GIF8', 'a GIF image (binary, not text)'],
  ['RIFF', 'a RIFF media file (binary, not text)'],
  ['%PDF', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive or an Office document'],
  ['\x1f\x8b', 'a gzip archive'],
  ['7z\xbc\xaf', 'a 7-Zip archive'],
  ['\xfd7zXZ', 'an xz archive'],
  ['\x28\xb5\x2f\xfd', 'a zstd archive'],
  ['GGUF', 'a GGUF model'],
  ['SQLite format 3', 'an SQLite database'],
  ['ARROW1', 'an Arrow file'],
  ['\xd0\xcf\x11\xe0', 'an old Office document'],
];

/** Share of bytes that may be control characters: real text has next to none, a torn file a few. */
const MAX_CONTROL_SHARE = 0.1;
/** UTF-16 without a mark: one half of each pair is zero in most letters of a Latin text, the other half in none. */
const MIN_ZERO_SHARE = 0.4;
const MAX_OTHER_ZERO_SHARE = 0.05;

export function detectEncoding(name: string, head: Uint8Array): Encoding {
  if (head.length === 0) throw cannotRead(name, 'the file is empty');
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { label: 'utf-8', bomBytes: 3, isGuess: false };
  if (head[0] === 0xff && head[1] === 0xfe) return { label: 'utf-16le', bomBytes: 2, isGuess: false };
  if (head[0] === 0xfe && head[1] === 0xff) return { label: 'utf-16be', bomBytes: 2, isGuess: false };

  const start = String.fromCharCode(...head.subarray(0, 16));
  const signature = SIGNATURES.find(([bytes]) => start.startsWith(bytes));
  if (signature !== undefined) throw cannotRead(name, `found ${signature[1]}`);

  const counts = countControls(head);
  const pairs = head.length / 2;
  if (counts.zeroOdd / pairs > MIN_ZERO_SHARE && counts.zeroEven / pairs < MAX_OTHER_ZERO_SHARE)
    return { label: 'utf-16le', bomBytes: 0, isGuess: true };
  if (counts.zeroEven / pairs > MIN_ZERO_SHARE && counts.zeroOdd / pairs < MAX_OTHER_ZERO_SHARE)
    return { label: 'utf-16be', bomBytes: 0, isGuess: true };
  if ((counts.zeroEven + counts.zeroOdd + counts.other) / head.length > MAX_CONTROL_SHARE)
    throw cannotRead(name, 'found binary data, not text');
  return { label: 'utf-8', bomBytes: 0, isGuess: false };
}

function countControls(bytes: Uint8Array): { zeroEven: number; zeroOdd: number; other: number } {
  const counts = { zeroEven: 0, zeroOdd: 0, other: 0 };
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === 0) counts[i % 2 === 0 ? 'zeroEven' : 'zeroOdd'] += 1;
    // Tab, line feed, vertical tab, form feed, carriage return and escape do occur in text.
    else if (byte < 32 && (byte < 9 || byte > 13) && byte !== 27) counts.other += 1;
  }
  return counts;
}
