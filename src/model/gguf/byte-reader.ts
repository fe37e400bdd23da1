// Little-endian values of a file, front to back, through a chunk buffer. Whatever a file says of its own sizes is held
// against its true size here before anything is allocated.

import type { ModelFile } from '../model-file.ts';

/** Bytes read ahead: a header of 10 MB takes ten reads, a small one costs little. */
const CHUNK_BYTES = 1 << 20;

export class ByteReader {
  private bytes: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);
  /** Place in `bytes`, whose first byte is byte `start` of the file. */
  private at = 0;
  private start = 0;

  constructor(
    readonly file: ModelFile,
    /** No byte behind this one is ever read. */
    private readonly limit: number,
  ) {}

  /** Place in the file. */
  get offset(): number {
    return this.start + this.at;
  }

  /** Bytes of the file that follow. */
  get left(): number {
    return this.file.size - this.offset;
  }

  /** True when `bytes` more bytes are in the buffer; else `fetch` gets them. Asked first, it saves an await a value. */
  has(bytes: number): boolean {
    return this.at + bytes <= this.bytes.length;
  }

  /** Makes the next `bytes` bytes available. Throws a SyntaxError when the file ends before, or the limit is reached. */
  async fetch(bytes: number): Promise<void> {
    if (this.has(bytes)) return;
    if (bytes > this.left)
      throw broken(this.file, `a header that goes on behind the file's ${this.file.size} bytes`, 'a complete file');
    if (this.offset + bytes > this.limit)
      throw broken(this.file, `a header of more than ${this.limit} bytes`, `at most ${this.limit}`);
    this.start = this.offset;
    this.at = 0;
    this.bytes = await this.file.read(this.start, Math.min(this.left, Math.max(bytes, CHUNK_BYTES)));
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
  }

  /** The next `bytes` bytes, which must have been fetched; valid until the next fetch. */
  take(bytes: number): Uint8Array {
    this.at += bytes;
    return this.bytes.subarray(this.at - bytes, this.at);
  }

  u32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  /** Exact up to 2^53; beyond, near enough to be refused by every limit. */
  u64(): number {
    this.at += 8;
    return Number(this.view.getBigUint64(this.at - 8, true));
  }
}

export function broken(file: ModelFile, found: string, need: string): SyntaxError {
  return new SyntaxError(`Cannot open "${file.name}": found ${found}, need ${need}`);
}
