import { parquetHeader } from 'hyparquet/src/column.js';
import { expect, test } from 'vitest';
import { fileOf, readAll, sharedFile, sharedMissing } from '../testing/data-files.ts';
import type { DataFile } from '../types.ts';
import { areSumsRight } from './page-sums.ts';

const sharedTest = sharedMissing ? test.skip : test;
const reason = sharedMissing ? ` (SKIPPED: ${sharedMissing})` : '';

async function bytesOf(file: DataFile): Promise<Uint8Array> {
  return new Uint8Array(await new Response(file.stream()).arrayBuffer());
}

test('a Parquet file that is cut off, or a header alone, is one clear message', async () => {
  await expect(readAll(fileOf('cut.parquet', 'PAR1'))).rejects.toThrow(
    /^Cannot read "cut.parquet": a Parquet file whose footer cannot be read \(.+\), need a complete Parquet file$/,
  );
  await expect(readAll(fileOf('secret.parquet', 'PARE0000PARE'))).rejects.toThrow('an encrypted Parquet file');
});

sharedTest(`whatever byte of a Parquet file is broken, nothing but a message or rows comes out${reason}`, async () => {
  const whole = await bytesOf(sharedFile('parquet-variants/list_columns.parquet'));
  let refused = 0;
  for (let at = 4; at < whole.length; at += 7) {
    const broken = whole.slice();
    broken[at] = broken[at]! ^ 0xff;
    try {
      await readAll(fileOf('broken.parquet', broken));
    } catch (error) {
      expect((error as Error).message).toMatch(/^Cannot read "broken.parquet"/);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(10);
});

/** Found by the fuzzer: so long a run would have ended the whole tab. */
sharedTest(`a run of more values than its page has is refused, column by column${reason}`, async () => {
  const bytes = (await bytesOf(sharedFile('parquet-variants/delta_byte_array.parquet'))).slice();
  const reader = { view: new DataView(bytes.buffer), offset: 4 };
  expect(parquetHeader(reader).data_page_header_v2?.num_values).toBe(1000);
  // The page begins with its definition levels, and these with the head of a run: twice the number of its values.
  expect([...bytes.subarray(reader.offset, reader.offset + 2)]).toEqual([0xd0, 0x0f]);
  bytes.set([0xfe, 0xff, 0xff, 0xff, 0x0f], reader.offset);
  const { warnings, rows } = await readAll(fileOf('long-run.parquet', bytes));
  expect(rows.length).toBe(1000);
  expect(warnings.map(({ reason }) => reason).join()).toContain('a run of 2147483647 values, need at most 1000');
});

sharedTest(`a file is read in parts where it can be, and gives the same rows${reason}`, async () => {
  const bytes = await bytesOf(sharedFile('gsm8k-train.parquet'));
  const file = new File([bytes.slice()], 'gsm8k.parquet');
  expect((await readAll(file)).rows).toEqual((await readAll(fileOf('gsm8k.parquet', bytes))).rows);
});

sharedTest(`a file that goes away while it is read is no file with columns that cannot be read${reason}`, async () => {
  const bytes = await bytesOf(sharedFile('gsm8k-train.parquet'));
  const whole = new File([bytes.slice()], 'gsm8k.parquet');
  let reads = 0;
  const slice = (start: number, end: number) => ({
    async arrayBuffer() {
      if (start < bytes.length / 2 && ++reads > 1) throw new DOMException('gone', 'NotFoundError');
      return whole.slice(start, end).arrayBuffer();
    },
  });
  const file: DataFile = { name: whole.name, size: whole.size, stream: () => whole.stream(), slice };
  await expect(readAll(file)).rejects.toThrow('Cannot read "gsm8k.parquet": found it gone');
  expect(reads, 'it stops at the first').toBe(2);
});

test('a page sum that is wrong is found, and a right one is not', () => {
  // A thrift header: type 0, 3 bytes, 3 bytes, CRC-32 of "abc" (0x352441c2), stop.
  const zigzag = (value: number) => {
    const out: number[] = [];
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    for (; rest > 127; rest >>>= 7) out.push((rest & 127) | 128);
    return [...out, rest];
  };
  const page = (text: string) =>
    Uint8Array.from([0x15, 0, 0x15, 6, 0x15, 6, 0x15, ...zigzag(0x352441c2), 0, ...new TextEncoder().encode(text)])
      .buffer;
  expect(areSumsRight(page('abc'))).toBe(true);
  expect(areSumsRight(page('abd'))).toBe(false);
});
