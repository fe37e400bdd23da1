/// <reference path="./codecs.d.ts" />
// Decompressors for Parquet pages, none of them WebAssembly: the page's policy allows no compiled code. Snappy is hyparquet's
// own. LZO has no open decoder for JavaScript: its columns are named and left out.
import { gunzipSync } from 'fflate';
import { decompress as unzstd } from 'fzstd';
import type { Compressors } from 'hyparquet';
import { decompressBrotli } from 'hyparquet-compressors/src/brotli.js';
import { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors/src/lz4.js';

export const CODECS: Compressors = {
  GZIP: (input, bytes) => gunzipSync(input, { out: new Uint8Array(bytes) }),
  BROTLI: decompressBrotli,
  ZSTD: (input, bytes) => unzstd(input, new Uint8Array(bytes)),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};
