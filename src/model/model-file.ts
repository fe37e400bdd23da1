// A file of a model or adapter folder as everything in this room reads it: a name, a size, and byte ranges.
// Reading by range is what keeps a 2 GB checkpoint out of memory. The browser's `File` comes in through
// `fileFromBlob`; Node's files have their own door in src/storage.

export interface ModelFile {
  /** As the user's folder has it; may carry a path ("smol/model.safetensors"). */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes [offset, offset + length). Throws a RangeError when they do not all lie inside the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Names these bytes and no others, where that is known without reading them. */
  readonly identity?: string;
  /** What will be read next and in which order, for files that come from afar. */
  willRead?(ranges: readonly { readonly begin: number; readonly end: number }[]): void;
}

/** The largest JSON file read whole. Tokenizers of 260,000 tokens take 35 MB; this stops a mistaken weight file. */
const MAX_JSON_BYTES = 100_000_000;

/** The browser's door: a dropped `File`, or any named Blob. */
export function fileFromBlob(file: Blob & { readonly name: string }): ModelFile {
  return {
    name: file.name,
    size: file.size,
    async read(offset, length) {
      checkRange(file.name, file.size, offset, length);
      try {
        return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
      } catch (error) {
        throw unreadable(file.name, error as Error);
      }
    },
  };
}

/** What a browser's read of a chosen file fails with (w3c.github.io/FileAPI, "Reading a File"). */
const UNREADABLE: Readonly<Record<string, string>> = {
  NotFoundError: 'it gone (moved, renamed or deleted since it was chosen)',
  NotReadableError: 'it changed since it was chosen, or no longer allowed to be read',
};

function unreadable(name: string, error: Error): Error {
  const found = UNREADABLE[error.name];
  if (found === undefined) return error;
  return new Error(`Cannot read "${name}": found ${found}, need the file as it is now, chosen again`);
}

/** A file that is in memory already: an entry of a zip, or bytes just written. */
export function fileFromBytes(name: string, bytes: Uint8Array): ModelFile {
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      checkRange(name, bytes.length, offset, length);
      return bytes.slice(offset, offset + length);
    },
  };
}

/** Throws a RangeError unless bytes [offset, offset + length) lie inside a file of `size` bytes. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new RangeError(
    `Cannot read bytes ${offset} to ${offset + length} of "${name}": found ${size} bytes, need all of them`,
  );
}

/** The part of a name after the last slash. */
export function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** The file whose name, without any path, is `name`. */
export function findFile(files: readonly ModelFile[], name: string): ModelFile | undefined {
  return files.find((file) => baseName(file.name) === name);
}

/** The whole file as UTF-8 text. */
export async function readText(file: ModelFile, maxBytes: number = MAX_JSON_BYTES): Promise<string> {
  if (file.size > maxBytes) {
    throw new RangeError(`Cannot read "${file.name}": found ${file.size} bytes of text, need at most ${maxBytes}`);
  }
  const bytes = await file.read(0, file.size);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SyntaxError(`Cannot read "${file.name}": found bytes that are not UTF-8, need a text file`);
  }
}

/** The whole file as a JSON object. */
export async function readJsonObject(file: ModelFile): Promise<Record<string, unknown>> {
  return parseJsonObject(await readText(file), file.name);
}

/** `text` as a JSON object; `name` is the file that errors speak of. */
export function parseJsonObject(text: string, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(
      `Cannot read "${name}": found invalid JSON (${(error as Error).message}), need a JSON object`,
    );
  }
  if (!isObject(value))
    throw new SyntaxError(`Cannot read "${name}": found JSON that is no object, need a JSON object`);
  return value;
}

/** True for a JSON object: neither null, an array nor a plain value. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
