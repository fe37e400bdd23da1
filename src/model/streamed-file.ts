// A file that is made while it is written, piece by piece, because all of it would not fit into memory beside a model. Its
// size is known before the first byte.

export interface StreamedFile {
  readonly name: string;
  /** Bytes of all chunks together. */
  readonly size: number;
  /** The file from its first byte; may be asked for again. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** A small file whose bytes are there already. */
export function wholeFile(name: string, content: string | Uint8Array): StreamedFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    name,
    size: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
}
