// A run at a step, as one record of bytes: what it was told, how it went, A, B and both Adam moments. The order of the rows
// is a function of (seed, epoch), the rate of the step, the dropout masks of (seed, micro-batch, step): so seed and step
// are the whole state of every generator, and a run that goes on from a record makes the bits that it would have made.
//
//   "GRAFTRUN" │ head bytes u32 │ record bytes u32 ×2 (low, high) │ head, JSON padded to 8 │ steps × 6 f64 │ params, m, v f32 │ SHA-256
//
// The digest over all before it is the commit: a record that was cut or changed anywhere is none.

import type { AdapterShape } from '../lora/adapter-tensors.ts';
import { flatLayout } from '../lora/flat-adapter.ts';
import { NewerCheckpointError, readHead, VERSION } from './checkpoint-head.ts';
import type { TrainSettings } from './recipe.ts';

/** What a run's numbers follow from, beside its settings. */
export interface RunIdentity {
  /** SHA-256 of the prepared base, of the rows, and of where the adapter sits. */
  readonly base: string;
  readonly data: string;
  readonly layout: string;
  /** All that is known of device, driver and runtime: equal means equal bits. */
  readonly device: string;
  /** For people. */
  readonly deviceName: string;
}

/** A step that has been made. */
export interface StepRecord {
  readonly loss: number;
  readonly lr: number;
  readonly gradNorm: number;
  /** Of this step, padding left out. */
  readonly tokens: number;
  readonly supervised: number;
  readonly ms: number;
}
export interface EvalRecord {
  /** 0: before the first step. */
  readonly step: number;
  readonly loss: number;
}

/** What was forgotten by a step: means over the general text, in nats a token. */
export interface ForgettingRecord {
  readonly step: number;
  readonly loss: number;
  readonly baseLoss: number;
  /** KL(base ‖ adapted). */
  readonly kl: number;
  readonly tokens: number;
}

/** A learning rate that was chosen while the run went on; it stands in for the setting from the next step on. */
export interface RateChange {
  /** Steps made when it was chosen. */
  readonly step: number;
  readonly learningRate: number;
  /** Chosen by the run itself, because its numbers had gone bad; absent: by a person. */
  readonly isHalving?: boolean;
}

/** The numbers that training changes, each (n) f32 in the order of records (flat-adapter.ts). */
export interface TrainState {
  readonly params: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

export interface Checkpoint {
  readonly totalSteps: number;
  /** ISO 8601. */
  readonly savedAt: string;
  readonly settings: TrainSettings;
  readonly identity: RunIdentity;
  /** One a step made: where the run stands is their number. */
  readonly steps: readonly StepRecord[];
  readonly evals: readonly EvalRecord[];
  /** Where it is watched; absent in records of before it was kept. */
  readonly forgetting?: readonly ForgettingRecord[];
  /** In the order of their steps; a later one of the same step wins. */
  readonly rates: readonly RateChange[];
  readonly state: TrainState;
}

/** Keeps records. `save` resolves when the record is durable; until then the one before it stays whole. */
export interface CheckpointStore {
  save(record: Uint8Array): Promise<void>;
  /** Newest first, as they lie there: `decodeCheckpoint` says which are whole. */
  records(): AsyncIterable<Uint8Array>;
  clear(): Promise<void>;
}

const MAGIC = 'GRAFTRUN';
const PREFIX_BYTES = 8 + 12;
const DIGEST_BYTES = 32;
const STEP_FIELDS = ['loss', 'lr', 'gradNorm', 'tokens', 'supervised', 'ms'] as const;
const STATE_FIELDS = ['params', 'm', 'v'] as const;
/** A head is settings, hashes and validations: 16 MB are some hundred thousand of those. Stops a broken length. */
const MAX_HEAD_BYTES = 16 << 20;

/** Throws RangeError when a number of the state is not finite: such a state is never kept. */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<Uint8Array<ArrayBuffer>> {
  const { steps, state, ...rest } = checkpoint;
  checkFinite(state);
  const elements = state.params.length;
  const json = JSON.stringify({ version: VERSION, ...rest, steps: steps.length, elements });
  // The head ends at a multiple of 8, so that the arrays after it can be viewed in place.
  const text = new TextEncoder().encode(json);
  const headBytes = Math.ceil((PREFIX_BYTES + text.length) / 8) * 8 - PREFIX_BYTES;
  const total = recordBytes(headBytes, steps.length, elements);
  const record = new Uint8Array(total);
  const view = new DataView(record.buffer);
  record.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, headBytes, true);
  view.setUint32(12, total % 2 ** 32, true);
  view.setUint32(16, Math.floor(total / 2 ** 32), true);
  record.fill(0x20, PREFIX_BYTES, PREFIX_BYTES + headBytes);
  record.set(text, PREFIX_BYTES);
  let at = PREFIX_BYTES + headBytes;
  new Float64Array(record.buffer, at, STEP_FIELDS.length * steps.length).set(
    steps.flatMap((step) => STEP_FIELDS.map((field) => step[field])),
  );
  at += 8 * STEP_FIELDS.length * steps.length;
  for (const field of STATE_FIELDS) {
    new Float32Array(record.buffer, at, elements).set(state[field]);
    at += 4 * elements;
  }
  record.set(await digest(record.subarray(0, at)), at);
  return record;
}

/** Throws a SyntaxError that says what is wrong with the bytes; nothing of them is trusted before the digest fits. */
export async function decodeCheckpoint(bytes: Uint8Array): Promise<Checkpoint> {
  const refuse = (found: string, need: string) =>
    new SyntaxError(`Cannot read checkpoint: found ${found}, need ${need}`);
  if (bytes.length < PREFIX_BYTES + DIGEST_BYTES) throw refuse(`${bytes.length} bytes`, 'a whole record');
  // A copy: aligned, and nobody else's.
  const record = bytes.slice();
  const view = new DataView(record.buffer);
  if (new TextDecoder().decode(record.subarray(0, 8)) !== MAGIC) throw refuse('another kind of file', `"${MAGIC}"`);
  const headBytes = view.getUint32(8, true);
  const total = view.getUint32(12, true) + 2 ** 32 * view.getUint32(16, true);
  if (total !== record.length) throw refuse(`${record.length} bytes`, `${total}`);
  const body = record.subarray(0, total - DIGEST_BYTES);
  const expected = record.subarray(total - DIGEST_BYTES);
  const actual = await digest(body);
  if (!actual.every((byte, i) => byte === expected[i])) throw refuse('changed bytes', 'those that were written');
  if (headBytes > MAX_HEAD_BYTES || (PREFIX_BYTES + headBytes) % 8 !== 0 || PREFIX_BYTES + headBytes > body.length)
    throw refuse(`a head of ${headBytes} bytes`, 'one inside the record');
  const head = readHead(new TextDecoder().decode(body.subarray(PREFIX_BYTES, PREFIX_BYTES + headBytes)), refuse);
  const { steps: count, elements, ...rest } = head;
  if (recordBytes(headBytes, count, elements) !== total)
    throw refuse(`${total} bytes`, `${recordBytes(headBytes, count, elements)} for ${count} steps`);
  let at = PREFIX_BYTES + headBytes;
  const numbers = new Float64Array(record.buffer, at, STEP_FIELDS.length * count);
  const steps = Array.from({ length: count }, (_, i) => {
    const [loss, lr, gradNorm, tokens, supervised, ms] = numbers.subarray(6 * i, 6 * i + 6) as unknown as number[];
    return { loss: loss!, lr: lr!, gradNorm: gradNorm!, tokens: tokens!, supervised: supervised!, ms: ms! };
  });
  at += numbers.byteLength;
  const take = (i: number) => new Float32Array(record.buffer, at + 4 * elements * i, elements);
  const state = { params: take(0), m: take(1), v: take(2) };
  checkFinite(state);
  return { ...rest, steps, state };
}

/** The newest record that is whole, and what is wrong with those that are newer. Throws NewerCheckpointError. */
export async function latestCheckpoint(
  store: CheckpointStore,
): Promise<{ readonly checkpoint: Checkpoint | undefined; readonly refused: readonly string[] }> {
  const refused: string[] = [];
  for await (const record of store.records()) {
    try {
      return { checkpoint: await decodeCheckpoint(record), refused };
    } catch (error) {
      if (error instanceof NewerCheckpointError) throw error;
      refused.push((error as Error).message);
    }
  }
  return { checkpoint: undefined, refused };
}

/** Settings that change no number of the training itself. */
const HARMLESS: readonly (keyof TrainSettings)[] = ['evalEvery', 'forgettingEvery', 'checkpointing', 'badNumbers'];

const PARTS_OF_A_STEP: readonly (keyof TrainSettings)[] = ['batchSize', 'gradAccum'];

/** Why a run that is set up like this cannot go on from the checkpoint; undefined when it can. */
export function whyNotResume(
  checkpoint: Checkpoint,
  now: { readonly settings: TrainSettings; readonly identity: RunIdentity },
): string | undefined {
  const difference = differenceFrom(checkpoint, now);
  return difference && `Cannot go on with the interrupted run: ${difference}`;
}

/** What of a run that is set up like this is other than the checkpoint's, so that its state would mean nothing there: "found …, need …". */
export function differenceFrom(
  checkpoint: Checkpoint,
  now: { readonly settings: TrainSettings; readonly identity: RunIdentity },
): string | undefined {
  const cannot = (found: string, need: string) => `found ${found}, need ${need}`;
  const { settings, identity } = checkpoint;
  if (now.identity.base !== identity.base)
    return cannot('another base model (or another --quant)', 'the one that the run was started with');
  const rowsPerStep = ({ batchSize, gradAccum }: TrainSettings) => batchSize * gradAccum;
  const names = new Set([...Object.keys(settings), ...Object.keys(now.settings)]) as Set<keyof TrainSettings>;
  for (const name of names) {
    // The same rows a step, in parts of another size: the same mathematics, rounded in another order.
    if (PARTS_OF_A_STEP.includes(name) && rowsPerStep(settings) === rowsPerStep(now.settings)) continue;
    const [was, is] = [JSON.stringify(settings[name]), JSON.stringify(now.settings[name])];
    if (was !== is && !HARMLESS.includes(name)) return cannot(`${name} ${is ?? 'not set'}`, was ?? 'it not set');
  }
  if (now.identity.data !== identity.data) return cannot('other data', 'the rows that the run was started with');
  if (now.identity.layout !== identity.layout)
    return cannot('an adapter on other linears or with other ranks', 'the one that the run was started with');
  return undefined;
}

/** SHA-256 of where an adapter sits: paths, ranks, scalings and sizes, and what it has beside A and B, in the order of the flat buffer. */
export async function hashLayout(shape: AdapterShape): Promise<string> {
  const { entries, length } = flatLayout(shape);
  const parts = [...shape.modules].map(([path, m]) => [path, m.r, m.scaling, m.inFeatures, m.outFeatures]);
  const more = entries.filter(({ part }) => part !== 'lora_A' && part !== 'lora_B').map((e) => [e.name, ...e.shape]);
  const told = more.length > 0 ? [length, parts, more] : [length, parts];
  const hash = await digest(new TextEncoder().encode(JSON.stringify(told)));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function recordBytes(headBytes: number, steps: number, elements: number): number {
  return PREFIX_BYTES + headBytes + 8 * STEP_FIELDS.length * steps + 4 * STATE_FIELDS.length * elements + DIGEST_BYTES;
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** x·0 is 0 for every finite x and NaN for all others: one branch for the whole array. */
export function isFiniteArray(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0;
  return sum === 0;
}

function checkFinite(state: TrainState): void {
  for (const field of STATE_FIELDS) {
    if (!isFiniteArray(state[field]))
      throw new RangeError(
        `Cannot keep checkpoint: found a value in "${field}" that is not finite, need finite numbers`,
      );
  }
}
