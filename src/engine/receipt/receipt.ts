// graft_receipt.json: what an adapter's folder was made from and what it held when it was written, so that it can be checked
// later (verify-adapter.ts). A file of its own rather than metadata of adapter_model.safetensors: it carries the hash of
// that file, and of the config beside it; PEFT and others leave files alone that they do not know.

import { version } from '../../../package.json';
import type { Adapter } from '../../lora/adapter.ts';
import type { FileBytes } from '../../lora/files/peft.ts';
import type { TypedValue } from '../../model/gguf/write-gguf.ts';
import { fileFromBytes, findFile, type ModelFile, parseJsonObject, readJsonObject } from '../../model/model-file.ts';
import type { QuantChoice } from '../../model/prepare-weights.ts';
import { readSafetensorsHeader, type TensorInfo } from '../../model/safetensors.ts';
import type { RateChange } from '../../train/checkpoint.ts';
import type { TrainSettings } from '../../train/recipe.ts';
import type { LossCurve } from '../../train/run-training.ts';
import type { Probe } from './probe.ts';

export const RECEIPT_NAME = 'graft_receipt.json';
const FORMAT = 1;

/** What the rows were, without a word of them. */
export interface DataFacts {
  readonly name: string;
  /** SHA-256 of the token rows and their masks. */
  readonly hash: string;
  readonly rows: number;
  readonly tokens: number;
  /** Tokens that were learned; the rest is masked. */
  readonly supervisedTokens: number;
  readonly longestRow: number;
  /** Rows in which nothing was learned. */
  readonly rowsWithoutTarget: number;
}

export interface BaseFacts {
  readonly name: string;
  /** SHA-256 of the prepared weights, in this quantisation. */
  readonly hash: string;
  readonly quant: QuantChoice;
}

export interface RunReceipt {
  readonly recipe: TrainSettings;
  readonly steps: number;
  /** The user ended it, or its numbers went bad. */
  readonly stopped: boolean;
  readonly trouble?: string | undefined;
  /** With what was forgotten, where it was watched. */
  readonly curve: LossCurve;
  /** Where the user changed the rate on the way. */
  readonly rateChanges: readonly RateChange[];
}

/** What is known of how an adapter came about; everything but `made` may be unknown. */
export interface Provenance {
  readonly made: 'trained' | 'imported' | 'merged' | 'truncated';
  /** ISO 8601; of a folder the moment of writing unless told otherwise. */
  readonly created?: string | undefined;
  /** Of what it was merged or cut: names, weights, method. */
  readonly from?: Readonly<Record<string, string | number>> | undefined;
  readonly base?: BaseFacts | undefined;
  readonly data?: DataFacts | undefined;
  readonly run?: RunReceipt | undefined;
  readonly probe?: Probe | undefined;
}

export interface Receipt extends Provenance {
  readonly format: typeof FORMAT;
  readonly software: string;
  /** Of every file beside this one. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
  /** Shape of every tensor, by its name in the file. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** s of y += s·B·A·x, by module. */
  readonly scaling: Readonly<Record<string, number>>;
  /** SHA-256 of all of the above, as JSON without spaces. */
  readonly sha256: string;
}

/** The folder's files and the receipt that belongs to them. */
export async function withReceipt(
  adapter: Adapter,
  files: readonly FileBytes[],
  provenance: Provenance,
): Promise<FileBytes[]> {
  const weights = files.find(({ name }) => name.endsWith('.safetensors'));
  const header = weights && (await readSafetensorsHeader(fileFromBytes(weights.name, weights.bytes)));
  const dated = { created: new Date().toISOString(), ...provenance };
  const receipt = await makeReceipt(adapter, files, header?.tensors ?? [], dated);
  const lines = Object.entries(receipt).filter(([, value]) => value !== undefined);
  const text = lines.map(([key, value]) => ` ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(',\n');
  return [...files, { name: RECEIPT_NAME, bytes: new TextEncoder().encode(`{\n${text}\n}\n`) }];
}

/** Where a .gguf file carries its receipt, and how that names what of the file it has the hash of. */
const GGUF_KEY = 'graft.receipt';
export const GGUF_DATA = 'tensor data';

/** A .gguf file with its receipt inside; `write` makes the file with such further values. The same adapter gives the same bytes. */
export async function ggufWithReceipt(
  adapter: Adapter,
  write: (more: Readonly<Record<string, TypedValue>>) => Uint8Array,
  provenance: Provenance,
): Promise<Uint8Array> {
  const file = fileFromBytes('adapter.gguf', write({}));
  const { readGgufHeader } = await import('../../model/gguf/read-header.ts');
  const { tensors } = await readGgufHeader(file);
  const receipt = await makeReceipt(adapter, [await ggufData(file, tensors)], tensors, provenance);
  return write({ [GGUF_KEY]: { type: 'text', value: JSON.stringify(receipt) } });
}

/** All of a file behind its header. */
export async function ggufData(file: ModelFile, tensors: readonly TensorInfo[]): Promise<FileBytes> {
  const begin = tensors.reduce((least, tensor) => Math.min(least, tensor.begin), file.size);
  return { name: GGUF_DATA, bytes: await file.read(begin, file.size - begin) };
}

async function makeReceipt(
  adapter: Adapter,
  files: readonly FileBytes[],
  tensors: readonly TensorInfo[],
  provenance: Provenance,
): Promise<Receipt> {
  const hashes = await Promise.all(
    files.map(async ({ name, bytes }) => [name, { bytes: bytes.byteLength, sha256: await sha256(bytes) }] as const),
  );
  const facts = {
    format: FORMAT,
    software: `Graft ${version}`,
    ...provenance,
    files: Object.fromEntries(hashes),
    tensors: Object.fromEntries(tensors.map(({ name, shape }) => [name, shape])),
    scaling: Object.fromEntries([...adapter.modules].map(([path, { scaling }]) => [path, scaling])),
  } as const;
  return { ...facts, sha256: await sha256(new TextEncoder().encode(JSON.stringify(facts))) };
}

/** The receipt of a folder or inside a .gguf file; undefined when there is none. Throws as `readReceipt` does. */
export async function findReceipt(files: readonly ModelFile[]): Promise<Receipt | undefined> {
  const file = findFile(files, RECEIPT_NAME);
  if (file !== undefined) return readReceipt(file);
  const gguf = files.find(({ name }) => /\.gguf$/i.test(name));
  if (gguf === undefined) return undefined;
  const { readGgufHeader } = await import('../../model/gguf/read-header.ts');
  const text = (await readGgufHeader(gguf)).metadata.get(GGUF_KEY);
  return typeof text === 'string' ? checkReceipt(parseJsonObject(text, GGUF_KEY)) : undefined;
}

/** Throws a sentence when it is none, of a newer format, or not as it was written. */
export async function readReceipt(file: ModelFile): Promise<Receipt> {
  return checkReceipt(await readJsonObject(file));
}

async function checkReceipt(json: Readonly<Record<string, unknown>>): Promise<Receipt> {
  if (json.format !== FORMAT)
    throw new RangeError(`Cannot read "${RECEIPT_NAME}": found format ${JSON.stringify(json.format)}, need ${FORMAT}`);
  const { sha256: recorded, ...facts } = json;
  const found = await sha256(new TextEncoder().encode(JSON.stringify(facts)));
  if (found !== recorded)
    throw new Error(
      `Cannot trust "${RECEIPT_NAME}": found SHA-256 ${found}, need the ${String(recorded)} that it states`,
    );
  const { parseReceipt } = await import('./receipt-schema.ts');
  return parseReceipt(json, RECEIPT_NAME);
}

/** Hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
