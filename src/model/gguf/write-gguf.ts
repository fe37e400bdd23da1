// A GGUF file, version 3, for adapters, merged models and tests: the other side of read-header.ts.

import type { StreamedFile } from '../streamed-file.ts';
import { BLOCK_TYPES, type BlockName, blockBytes } from './block-types.ts';

/** A value with the type that the file gives it. Arrays are of one type. */
export type TypedValue =
  | { readonly type: 'u32' | 'i32' | 'f32' | 'u64'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'texts'; readonly value: readonly string[] }
  | { readonly type: 'u32s' | 'i32s' | 'f32s'; readonly value: ArrayLike<number> };

export interface GgufTensor {
  readonly name: string;
  readonly dtype: BlockName;
  /** Slowest first. */
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

const ALIGNMENT = 32;
const IDS = { u32: 4, i32: 5, f32: 6, bool: 7, text: 8, u64: 10 } as const;

/** A tensor whose bytes come in pieces. */
export interface GgufTensorStream extends Omit<GgufTensor, 'bytes'> {
  /** Called once each time that the file is written. */
  chunks(): AsyncIterable<Uint8Array>;
}

export type GgufMetadata = Readonly<Record<string, TypedValue>>;

/** Throws a TypeError when a tensor's bytes do not fit its shape. */
export function writeGguf(metadata: GgufMetadata, tensors: readonly GgufTensor[]): Uint8Array<ArrayBuffer> {
  for (const { name, dtype, shape, bytes } of tensors)
    if (blockBytes(dtype, shape) !== bytes.length)
      throw new TypeError(
        `Cannot write tensor "${name}": found ${bytes.length} bytes, need ${blockBytes(dtype, shape)} for ${dtype} [${shape.join(', ')}]`,
      );
  const { head, size } = ggufHead(metadata, tensors);
  const out = new Uint8Array(size);
  out.set(head);
  let at = head.length;
  for (const { bytes } of tensors) {
    out.set(bytes, at);
    at += aligned(bytes.length);
  }
  return out;
}

/** The same file as writeGguf makes, of tensors that are never in memory together. */
export function streamGguf(name: string, metadata: GgufMetadata, tensors: readonly GgufTensorStream[]): StreamedFile {
  const { head, size } = ggufHead(metadata, tensors);
  return {
    name,
    size,
    async *chunks() {
      yield head;
      for (const tensor of tensors) {
        const bytes = blockBytes(tensor.dtype, tensor.shape)!;
        let done = 0;
        for await (const chunk of tensor.chunks()) {
          done += chunk.length;
          yield chunk;
        }
        if (done !== bytes)
          throw new TypeError(`Cannot write tensor "${tensor.name}": found ${done} bytes, need ${bytes}`);
        yield new Uint8Array(aligned(bytes) - bytes);
      }
    },
  };
}

/** The file up to its data, and the size of all of it. Throws a TypeError for rows that are no whole blocks. */
export function ggufHead(
  metadata: GgufMetadata,
  tensors: readonly Omit<GgufTensor, 'bytes'>[],
): { readonly head: Uint8Array<ArrayBuffer>; readonly size: number } {
  const list = new ByteList();
  list.bytes(new TextEncoder().encode('GGUF'));
  list.number('u32', 3);
  list.number('u64', tensors.length);
  list.number('u64', Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    list.text(key);
    writeValue(list, value);
  }
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    const bytes = blockBytes(dtype, shape);
    if (bytes === undefined)
      throw new TypeError(
        `Cannot write tensor "${name}": found rows of ${shape.at(-1)}, need whole blocks of ${dtype}`,
      );
    list.text(name);
    list.number('u32', shape.length);
    for (const size of [...shape].reverse()) list.number('u64', size);
    list.number('u32', BLOCK_TYPES[dtype].id);
    list.number('u64', offset);
    offset += aligned(bytes);
  }
  const head = new Uint8Array(aligned(list.length));
  list.copyTo(head);
  return { head, size: head.length + offset };
}

function writeValue(head: ByteList, { type, value }: TypedValue): void {
  if (typeof value === 'string') {
    head.number('u32', IDS.text);
    head.text(value);
  } else if (typeof value === 'object') {
    const element = type.slice(0, -1) as 'u32' | 'i32' | 'f32' | 'text';
    head.number('u32', 9);
    head.number('u32', IDS[element]);
    head.number('u64', value.length);
    for (const item of Array.from<string | number>(value)) {
      if (typeof item === 'string') head.text(item);
      else head.number(element as 'u32', item);
    }
  } else if (type === 'bool') {
    head.number('u32', IDS.bool);
    head.bytes(Uint8Array.of(value ? 1 : 0));
  } else {
    head.number('u32', IDS[type as 'u32']);
    head.number(type as 'u32', value as number);
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

class ByteList {
  private readonly parts: Uint8Array[] = [];
  length = 0;

  bytes(part: Uint8Array): void {
    this.parts.push(part);
    this.length += part.length;
  }

  text(text: string): void {
    const part = new TextEncoder().encode(text);
    this.number('u64', part.length);
    this.bytes(part);
  }

  number(type: 'u32' | 'i32' | 'f32' | 'u64', value: number): void {
    const view = new DataView(new ArrayBuffer(type === 'u64' ? 8 : 4));
    if (type === 'u64') view.setBigUint64(0, BigInt(value), true);
    else if (type === 'f32') view.setFloat32(0, value, true);
    else if (type === 'i32') view.setInt32(0, value, true);
    else view.setUint32(0, value, true);
    this.bytes(new Uint8Array(view.buffer));
  }

  copyTo(out: Uint8Array): void {
    let at = 0;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.length;
    }
  }
}
