// A file on the Hub as a ModelFile: read in chunks, several on their way at once, the last ones kept. A checkpoint of
// gigabytes takes some MAX_KEPT_BYTES of memory.
//
//   file    |--0--|--1--|--2--|--3--|--4--|--5--|…     read(…) needs 1 and 2: both are fetched at once,
//   wanted         [......]                            and behind them the next ones of the plan (willRead), or,
//                                                      without a plan, 3 and 4 when 0 was read before.

import { checkRange, type ModelFile } from '../model-file.ts';
import { type HubRequests, MAX_IN_FLIGHT } from './hub-requests.ts';

/** Bytes a request: large beside the cost of asking, small enough for a few to be on their way. */
export const CHUNK_BYTES = 4 << 20;
/** Of all chunks kept. The layers of a checkpoint lie in the order 0, 1, 10, 11, …, so a chunk may be needed twice. */
export const MAX_KEPT_BYTES = 96 << 20;

export interface HubFileSource {
  readonly name: string;
  readonly url: string;
  readonly size: number;
  /** Names these bytes and no others: their SHA-256, or git's id. */
  readonly identity: string;
}

export interface HubFileOptions {
  readonly chunkBytes?: number;
  /** This file's share of the memory. */
  readonly keptBytes?: number;
  onBytes?(): void;
}

export class HubFile implements ModelFile {
  readonly name: string;
  readonly size: number;
  readonly identity: string;
  private readonly chunkBytes: number;
  private readonly pin = { etag: undefined as string | undefined };
  /** In the order of their last use. */
  private readonly chunks = new Map<number, Promise<Uint8Array>>();
  /** Chunks in the order in which they will be needed, from willRead. */
  private plan: readonly number[] = [];
  private planAt = 0;
  private lastRead = -2;
  /** Bytes of each chunk that have come over the line. */
  private readonly came = new Map<number, number>();

  constructor(
    private readonly requests: HubRequests,
    private readonly source: HubFileSource,
    private readonly options: HubFileOptions = {},
  ) {
    ({ name: this.name, size: this.size, identity: this.identity } = source);
    this.chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
  }

  /** True once it is known what will be read. */
  get isPlanned(): boolean {
    return this.plan.length > 0;
  }

  /** Bytes that need not come any more: they have come, or, once it is known what will be read, are not asked for at all. */
  get doneBytes(): number {
    const needed = new Set(this.isPlanned ? this.plan : this.came.keys());
    let done = this.isPlanned ? this.size : 0;
    for (const chunk of needed) done += (this.came.get(chunk) ?? 0) - (this.isPlanned ? this.lengthOf(chunk) : 0);
    return done;
  }

  private lengthOf(chunk: number): number {
    return Math.min(this.chunkBytes, this.size - chunk * this.chunkBytes);
  }

  willRead(ranges: readonly { readonly begin: number; readonly end: number }[]): void {
    const plan: number[] = [];
    for (const { begin, end } of ranges)
      for (let chunk = this.chunkAt(begin); chunk * this.chunkBytes < end; chunk++)
        if (plan.at(-1) !== chunk) plan.push(chunk);
    this.plan = plan;
    this.planAt = 0;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this.name, this.size, offset, length);
    const out = new Uint8Array(length);
    if (length === 0) return out;
    const [first, last] = [this.chunkAt(offset), this.chunkAt(offset + length - 1)];
    for (let begin = first; begin <= last; begin += MAX_IN_FLIGHT) {
      const end = Math.min(last + 1, begin + MAX_IN_FLIGHT);
      const fetched = Array.from({ length: end - begin }, (_, i) => this.chunk(begin + i));
      this.readAhead(begin, end - 1);
      for (const [i, bytes] of (await Promise.all(fetched)).entries()) {
        const at = (begin + i) * this.chunkBytes - offset;
        const part = bytes.subarray(Math.max(0, -at), Math.min(bytes.length, length - at));
        out.set(part, Math.max(0, at));
      }
    }
    return out;
  }

  private chunkAt(offset: number): number {
    return Math.floor(offset / this.chunkBytes);
  }

  /** Starts what will be needed behind chunks [first, last]. */
  private readAhead(first: number, last: number): void {
    const isNext = first === this.lastRead || first === this.lastRead + 1;
    this.lastRead = last;
    const found = this.plan.indexOf(last, this.planAt);
    if (found >= 0) this.planAt = found;
    const ahead =
      this.plan.length > 0
        ? this.plan.slice(this.planAt + 1, this.planAt + MAX_IN_FLIGHT)
        : isNext
          ? [last + 1, last + 2]
          : [];
    for (const chunk of ahead) if (chunk * this.chunkBytes < this.size) void this.chunk(chunk);
  }

  private chunk(index: number): Promise<Uint8Array> {
    const kept = this.chunks.get(index);
    const chunk = kept ?? this.fetch(index);
    this.chunks.delete(index);
    this.chunks.set(index, chunk);
    const most = Math.max(2 * MAX_IN_FLIGHT, Math.floor((this.options.keptBytes ?? MAX_KEPT_BYTES) / this.chunkBytes));
    for (const oldest of this.chunks.keys()) {
      if (this.chunks.size <= most) break;
      this.chunks.delete(oldest);
    }
    return chunk;
  }

  private fetch(index: number): Promise<Uint8Array> {
    const offset = index * this.chunkBytes;
    const { name, url, size } = this.source;
    const fetched = this.requests.range({
      url,
      name,
      size,
      offset,
      length: this.lengthOf(index),
      maxSkip: this.chunkBytes,
      pin: this.pin,
      onBytes: (count) => {
        this.came.set(index, Math.min(this.lengthOf(index), (this.came.get(index) ?? 0) + count));
        this.options.onBytes?.();
      },
    });
    // A chunk read ahead may fail before anyone waits for it; whoever reads it then asks again.
    fetched.catch(() => this.chunks.delete(index));
    return fetched;
  }
}
