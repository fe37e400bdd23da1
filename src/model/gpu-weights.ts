// The frozen base on the device: one buffer per matrix (two when quantised) or per group of matrices that read the same x,
// filled piece by piece while the model is read or taken from the cache, and bound by name to every graph that uses it.

import type { Device } from '../gpu/device.ts';
import type { Graph, Value } from '../gpu/graph.ts';
import { BINDING_ALIGN } from '../gpu/plan.ts';
import type { Shared, Slot } from '../gpu/program.ts';
import { adjoinedName, canAdjoin, type Storage, slabLimit } from '../gpu/weight.ts';
import type { WeightLayout } from './layers.ts';
import type { ModelFile } from './model-file.ts';
import { sliceScales } from './nf4.ts';
import {
  announceReads,
  type Piece,
  type PlaceSlab,
  pieceBytes,
  pieceRanges,
  placeSlabs,
  preparePieces,
  slabBytes,
  type WeightPlace,
  type WeightSpec,
} from './prepare-weights.ts';
import { PREPARED_VERSION, type PreparedRecord, type PreparedStore, type PreparedWriter } from './prepared-store.ts';
import type { TensorInfo } from './safetensors.ts';

export interface LoadOptions {
  readonly store?: PreparedStore | undefined;
  /** Names the source and the scheme in the store. */
  readonly key?: string;
  readonly signal?: AbortSignal | undefined;
  onProgress?(doneBytes: number, totalBytes: number): void;
}

/** Bytes of the device's buffers for weights in this layout, where a binding holds at most `limitBytes`. */
export function weightBytes(places: Iterable<WeightPlace>, limitBytes = Number.POSITIVE_INFINITY): number {
  let bytes = 0;
  for (const place of places)
    for (const { codeBytes, scaleBytes } of placeSlabs(place, limitBytes))
      bytes += bufferBytes(codeBytes) + bufferBytes(scaleBytes);
  return bytes;
}

function bufferBytes(size: number): number {
  return Math.ceil(size / BINDING_ALIGN) * BINDING_ALIGN;
}

export class GpuWeights implements WeightLayout {
  private readonly places: ReadonlyMap<string, WeightPlace>;
  private readonly slots = new Map<string, Slot>();
  /** For tensors that exceed a binding of this device. */
  private readonly slabs = new Map<string, readonly PlaceSlab[]>();
  /** SHA-256 (hex) over the digests of all pieces in order: what this base is, to the bit. */
  hash = '';
  bytes = 0;
  /** True when the prepared copy of an earlier opening was used. */
  isFromStore = false;
  /** Why no copy is kept for the next opening, although one was wanted. */
  notKept: string | undefined;

  private constructor(
    private readonly device: Device,
    places: readonly WeightPlace[],
  ) {
    this.places = new Map(places.map((p) => [p.name, p]));
  }

  /** Allocates, then fills from the store when it has this key intact, else from the model's files (keeping a copy). */
  static async load(
    device: Device,
    tensors: ReadonlyMap<string, TensorInfo>,
    places: readonly WeightPlace[],
    options: LoadOptions = {},
  ): Promise<GpuWeights> {
    const weights = new GpuWeights(device, places);
    try {
      for (const place of places) {
        if (weights.slots.has(place.name)) continue;
        const group = places.filter(({ beside }) => beside !== undefined && beside === place.beside);
        const rows = group.map((member) => member.rows);
        if (group.length > 1 && canAdjoin(device.traits, place.storage, rows, place.columns)) {
          await weights.allocateBeside(group);
          continue;
        }
        const slabs = placeSlabs(place, slabLimit(device.traits));
        if (slabs.length > 1) weights.slabs.set(place.name, slabs);
        for (const { name, codeBytes, scaleBytes } of slabs) {
          await weights.allocate(name, codeBytes);
          if (scaleBytes > 0) await weights.allocate(`${name}.scale`, scaleBytes);
        }
      }
      weights.isFromStore = await weights.fillFromStore(options);
      if (!weights.isFromStore) await weights.fillFromFiles(tensors, options);
      return weights;
    } catch (error) {
      weights.destroy();
      throw error;
    }
  }

  storageOf({ name }: WeightSpec): Storage {
    const place = this.places.get(name);
    if (place === undefined) throw new RangeError(`Cannot build the model: found no weight "${name}"`);
    return place.storage;
  }

  /** Slots of all frozen values of a graph, by their names. `tables`: frozen values that are not weights (rope). */
  bind(graph: Graph, tables: ReadonlyMap<string, Slot>): Shared {
    const shared = new Map<Value, Slot>();
    for (const value of graph.values) {
      if (value.role !== 'frozen' || value.partOf !== undefined) continue;
      const slot = tables.get(value.name) ?? this.slots.get(value.name);
      if (slot === undefined) throw new Error(`Cannot bind the model: found no memory for "${value.name}"`);
      shared.set(value, slot);
    }
    return shared;
  }

  destroy(): void {
    for (const slot of this.slots.values()) slot.buffer.destroy();
    this.slots.clear();
  }

  private async allocate(name: string, size: number): Promise<void> {
    const bytes = bufferBytes(size);
    if (size > this.device.traits.maxBindingBytes)
      throw new RangeError(
        `Cannot bind "${name}" (${size} bytes): this device allows ${this.device.traits.maxBindingBytes} bytes per binding`,
      );
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    this.slots.set(name, { buffer: await this.device.allocate(name, bytes, usage), offset: 0, size });
    this.bytes += bytes;
  }

  /** Matrices of linears that read the same x, in one buffer; each is found by its own name too. */
  private async allocateBeside(places: readonly WeightPlace[]): Promise<void> {
    for (const [end, bytesOf] of [
      ['', ({ codeBytes }: WeightPlace) => codeBytes],
      ['.scale', ({ scaleBytes }: WeightPlace) => scaleBytes],
    ] as const) {
      const name = `${adjoinedName(places[0]!.name)}${end}`;
      const size = places.reduce((sum, place) => sum + bytesOf(place), 0);
      if (size === 0) continue;
      await this.allocate(name, size);
      const { buffer } = this.slots.get(name)!;
      let offset = 0;
      for (const place of places) {
        this.slots.set(`${place.name}${end}`, { buffer, offset, size: bytesOf(place) });
        offset += bytesOf(place);
      }
    }
  }

  private upload(piece: Piece, place: WeightPlace): void {
    const slabs = this.slabs.get(place.name);
    const of = piece.buffer === place.name ? 'codes' : 'scales';
    if (slabs === undefined) this.write(piece.buffer, piece.offset, piece.bytes);
    else if (of === 'scales' && place.storage === 'nf4-dq') this.uploadDoubleScales(piece.bytes, place, slabs);
    else this.uploadToSlabs(piece, place, slabs, of);
  }

  private uploadToSlabs(piece: Piece, place: WeightPlace, slabs: readonly PlaceSlab[], of: 'codes' | 'scales'): void {
    for (const slab of slabs) {
      const [first, last] = slabBytes(place, slab, of);
      const begin = Math.max(first, piece.offset);
      const end = Math.min(last, piece.offset + piece.bytes.byteLength);
      if (begin >= end) continue;
      const bytes = piece.bytes.subarray(begin - piece.offset, end - piece.offset);
      this.write(of === 'codes' ? slab.name : `${slab.name}.scale`, begin - first, bytes);
    }
  }

  /** Every slab gets the table and its own part of what it is read with. */
  private uploadDoubleScales(bytes: Uint8Array, place: WeightPlace, slabs: readonly PlaceSlab[]): void {
    const perRow = Math.ceil(place.columns / 64);
    const packed = new Uint32Array(bytes.slice().buffer);
    for (const [i, { name, first }] of slabs.entries()) {
      const rows = (slabs[i + 1]?.first ?? place.rows) - first;
      const words = sliceScales(packed, place.rows * perRow, first * perRow, rows * perRow);
      this.write(`${name}.scale`, 0, new Uint8Array(words.buffer));
    }
  }

  private write(name: string, offset: number, bytes: Uint8Array): void {
    // writeBuffer wants whole words; every piece is made of them.
    const slot = this.slots.get(name)!;
    this.device.gpu.queue.writeBuffer(slot.buffer, slot.offset + offset, bytes as Uint8Array<ArrayBuffer>);
  }

  private async fillFromFiles(tensors: ReadonlyMap<string, TensorInfo>, options: LoadOptions): Promise<void> {
    const begun = await this.takeHalf(this.notKept === undefined ? options : {});
    const { digests } = begun;
    const places = [...this.places.values()].slice(begun.tensors);
    const total = this.totalBytes();
    let { writer: keeping, bytes: done } = begun;
    /** Where the copy may end if interrupted: after a complete tensor. */
    let whole = { tensors: begun.tensors, bytes: done, pieces: digests.length };
    try {
      announceReads(tensors, places);
      for (const place of places) {
        for await (const piece of preparePieces(tensors, place)) {
          options.signal?.throwIfAborted();
          this.upload(piece, place);
          digests.push(await digest(piece.bytes));
          if (keeping && !(await this.keep(keeping.append(piece.bytes).then(() => true)))) {
            await keeping.abort();
            keeping = undefined;
          }
          done += piece.bytes.byteLength;
          options.onProgress?.(done, total);
          // Bounds what the queue holds on to: writeBuffer copies into staging memory until the device has taken it.
          if (done % (64 << 20) < piece.bytes.byteLength)
            await this.device.guard(this.device.gpu.queue.onSubmittedWorkDone());
        }
        whole = { tensors: whole.tensors + 1, bytes: done, pieces: digests.length };
      }
    } catch (error) {
      const { tensors: count, bytes, pieces } = whole;
      const isWorth = count > 0 && (options.signal?.aborted || isFromAfar(tensors));
      if (isWorth && keeping) {
        const hash = hex(await digest(concat(digests.slice(0, pieces))));
        await this.keep(keeping.suspend({ version: PREPARED_VERSION, hash, bytes, tensors: count }));
      } else await keeping?.abort();
      throw error;
    }
    this.hash = hex(await digest(concat(digests)));
    await this.keep(keeping?.commit({ version: PREPARED_VERSION, hash: this.hash, bytes: done }));
  }

  /** What an interrupted opening has left of this model, loaded onto the device, and where to continue writing. */
  private async takeHalf(options: LoadOptions): Promise<Begun> {
    const { store, key } = options;
    const nothing = { tensors: 0, bytes: 0, digests: [] as Uint8Array[] };
    if (store === undefined || key === undefined) return { ...nothing, writer: undefined };
    const half = await store.openHalf(key).catch(() => undefined);
    if (this.isNewer(half?.record)) return { ...nothing, writer: undefined };
    const { tensors = 0, version, hash, bytes = 0 } = half?.record ?? {};
    if (half && version === PREPARED_VERSION && tensors <= this.places.size) {
      const digests = await this.uploadKept(half.file, [...this.places.values()].slice(0, tensors), options);
      if (digests && hex(await digest(concat(digests))) === hash) {
        const writer = await this.keep(half.goOn());
        return { tensors, bytes, digests, writer };
      }
    }
    return { ...nothing, writer: await this.keep(store.create(key)) };
  }

  /** A step towards the copy for the next opening. If it fails, this opening still succeeds. */
  private async keep<T>(step: Promise<T> | undefined): Promise<T | undefined> {
    try {
      return await step;
    } catch (error) {
      this.notKept = `Cannot keep the prepared model for the next opening: ${(error as Error).message}`;
      return undefined;
    }
  }

  /** True when the store had the model and its bytes have the hash of the record. */
  private async fillFromStore(options: LoadOptions): Promise<boolean> {
    const { store, key } = options;
    if (store === undefined || key === undefined) return false;
    const kept = await store.open(key).catch(() => undefined);
    if (this.isNewer(kept?.record)) return false;
    if (kept === undefined || kept.record.version !== PREPARED_VERSION) return false;
    const digests = await this.uploadKept(kept.file, this.places.values(), options);
    if (digests) {
      this.hash = hex(await digest(concat(digests)));
      if (this.hash === kept.record.hash) return true;
    }
    await store.remove(key);
    return false;
  }

  /** A copy made by a newer Graft is left alone. */
  private isNewer(record: PreparedRecord | undefined): boolean {
    if (record === undefined || !(record.version > PREPARED_VERSION)) return false;
    this.notKept = `Cannot keep the prepared model for the next opening: found a copy of version ${record.version} that a newer Graft has made, need at most ${PREPARED_VERSION}`;
    return true;
  }

  /** Puts tensors of a copy on the device; returns the digests of their pieces, undefined when the copy cannot be read. */
  private async uploadKept(
    file: ModelFile,
    places: Iterable<WeightPlace>,
    { signal, onProgress }: Pick<LoadOptions, 'signal' | 'onProgress'>,
  ): Promise<Uint8Array[] | undefined> {
    const digests: Uint8Array[] = [];
    let done = 0;
    try {
      for (const place of places)
        for (const { rowBegin, rowEnd } of pieceRanges(place)) {
          signal?.throwIfAborted();
          const at = pieceBytes(place, rowBegin, rowEnd);
          for (const [buffer, [begin, end]] of [
            [place.name, at.codes],
            [`${place.name}.scale`, at.scales],
          ] as const) {
            if (end === begin) continue;
            const bytes = await file.read(done, end - begin);
            digests.push(await digest(bytes));
            this.upload({ buffer, offset: begin, bytes }, place);
            done += bytes.byteLength;
            onProgress?.(done, this.totalBytes());
          }
        }
    } catch (error) {
      if (signal?.aborted) throw error;
      return undefined;
    }
    return digests;
  }

  private totalBytes(): number {
    let total = 0;
    for (const p of this.places.values()) total += p.codeBytes + p.scaleBytes;
    return total;
  }
}

/** Where writing a copy of the weights starts: at its beginning, or after the tensors that are there already. */
interface Begun {
  readonly tensors: number;
  readonly bytes: number;
  readonly digests: Uint8Array[];
  readonly writer: PreparedWriter | undefined;
}

/** Files that come over a network: whatever has been fetched is worth keeping. */
function isFromAfar(tensors: ReadonlyMap<string, TensorInfo>): boolean {
  return [...tensors.values()].some(({ file }) => file.identity !== undefined);
}

async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}
function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
function hex(bytes: Uint8Array): string {
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}
