// graft_receipt.json: what an adapter's folder was made from and what it held when it was written, so that it can be checked
// later (verify-adapter.ts). A file of its own rather than metadata of adapter_model.safetensors: it carries the hash of
// that file, and of the config beside it; PEFT and others leave files alone that they do not know.

import { version } from '../../../package.json';
import type { Adapter } from '../../lora/adapter.ts';
import type { FileBytes } from '../../lora/files/peft.ts';
import { fileFromBytes, type ModelFile, readJsonObject } from '../../model/model-file.ts';
import type { QuantChoice } from '../../model/prepare-weights.ts';
import { readSafetensorsHeader } from '../../model/safetensors.ts';
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
  /** ISO 8601. */
  readonly created: string;
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
  const hashes = await Promise.all(
    files.map(async ({ name, bytes }) => [name, { bytes: bytes.byteLength, sha256: await sha256(bytes) }] as const),
  );
  const facts = {
    format: FORMAT,
    software: `Graft ${version}`,
    created: new Date().toISOString(),
    ...provenance,
    files: Object.fromEntries(hashes),
    tensors: Object.fromEntries((header?.tensors ?? []).map(({ name, shape }) => [name, shape])),
    scaling: Object.fromEntries([...adapter.modules].map(([path, { scaling }]) => [path, scaling])),
  };
  const receipt = { ...facts, sha256: await sha256(new TextEncoder().encode(JSON.stringify(facts))) };
  const lines = Object.entries(receipt).filter(([, value]) => value !== undefined);
  const text = lines.map(([key, value]) => ` ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(',\n');
  return [...files, { name: RECEIPT_NAME, bytes: new TextEncoder().encode(`{\n${text}\n}\n`) }];
}

/** Throws a sentence when it is none, of a newer format, or not as it was written. */
export async function readReceipt(file: ModelFile): Promise<Receipt> {
  const json = await readJsonObject(file);
  if (json.format !== FORMAT)
    throw new RangeError(`Cannot read "${RECEIPT_NAME}": found format ${JSON.stringify(json.format)}, need ${FORMAT}`);
  const { sha256: recorded, ...facts } = json;
  const found = await sha256(new TextEncoder().encode(JSON.stringify(facts)));
  if (found !== recorded)
    throw new Error(
      `Cannot trust "${RECEIPT_NAME}": found SHA-256 ${found}, need the ${String(recorded)} that it states`,
    );
  return json as unknown as Receipt;
}

/** Hexadecimal. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
