// What an adapter answers to one fixed text, in numbers: the largest logits at each position. Recorded from the adapter on the
// device when it is saved; whoever opens the file later has to find the same.

import { makeBatch } from '../../data/make-batch.ts';
import type { FlatAdapter } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { largest } from '../../train/largest.ts';
import { sizeClass } from '../../train/run-shape.ts';
import { Scorer } from '../../train/score.ts';
import { promptLength, withPrompt } from '../../train/soft-prompt.ts';

/** Ours, so that a receipt never quotes a user's data. */
const TEXT =
  'A gardener joins a young shoot to an old root. By spring they are one tree: 3 branches, 12 leaves, and "more to come".';
const MOST_TOKENS = 48;
/** Logits that are recorded of a position. */
const TOP = 4;

export interface Probe {
  readonly ids: readonly number[];
  /** For each position the token ids of its largest logits … */
  readonly top: readonly (readonly number[])[];
  /** … their logits … */
  readonly logits: readonly (readonly number[])[];
  /** … and log Σ exp over the whole vocabulary. */
  readonly logSumExp: readonly number[];
  /** Largest difference of these logits from the base's alone: what the adapter does to this text. */
  readonly effect: number;
  /** The GPU it was measured on. */
  readonly device: string;
}

/** The ids of the probe text; a fixed pattern where there is no tokenizer. */
async function probeIds(model: BaseModel): Promise<number[]> {
  const most = Math.min(MOST_TOKENS, model.config.contextTokens, model.config.maxTokens ?? MOST_TOKENS);
  const tokenizer = await model.folder.loadTokenizer?.();
  if (tokenizer === undefined) return Array.from({ length: most }, (_, i) => (13 + 7919 * i) % model.config.vocab);
  const ids = [...(tokenizer.bos === undefined ? [] : [tokenizer.bos]), ...tokenizer.encode(TEXT, { special: false })];
  return ids.slice(0, most);
}

export async function measureProbe(model: BaseModel, adapter: FlatAdapter): Promise<Probe> {
  const ids = await probeIds(model);
  const [adapted, base] = await logitsOf(model, adapter, ids, [1, 0]);
  const top = adapted!.map((logits) => largest(logits, TOP).map(({ at }) => at));
  const pick = (rows: readonly Float32Array[]) => rows.map((row, t) => top[t]!.map((id) => digits(row[id]!)));
  const logits = pick(adapted!);
  const alone = pick(base!);
  const effect = Math.max(...logits.flatMap((row, t) => row.map((value, i) => Math.abs(value - alone[t]![i]!))));
  const logSumExp = adapted!.map((row) => digits(logSum(row)));
  return { ids, top, logits, logSumExp, effect: digits(effect), device: model.device.name };
}

/** Largest difference between what is recorded and what the adapter answers here; NaN where a number is none. */
export async function probeDifference(model: BaseModel, adapter: FlatAdapter, probe: Probe): Promise<number> {
  const [rows] = await logitsOf(model, adapter, probe.ids, [1]);
  let worst = 0;
  const compare = (found: number, recorded: number) => {
    const difference = Math.abs(digits(found) - recorded);
    if (!(difference <= worst)) worst = difference;
  };
  for (const [t, row] of rows!.entries()) {
    for (const [i, id] of probe.top[t]!.entries()) compare(row[id] ?? Number.NaN, probe.logits[t]![i]!);
    compare(logSum(row), probe.logSumExp[t]!);
  }
  return worst;
}

/** Logits (V) of every position, for each strength of the adapter. */
async function logitsOf(
  model: BaseModel,
  adapter: FlatAdapter,
  ids: readonly number[],
  strengths: readonly number[],
): Promise<Float32Array[][]> {
  const row = {
    file: 'probe',
    line: 1,
    ids: Int32Array.from(ids),
    mask: Uint8Array.from(ids, (_, i) => Number(i > 0)),
  };
  const longest = ids.length + promptLength(adapter);
  const columns = sizeClass(longest);
  const scorer = await Scorer.create(model, adapter, columns, longest, true);
  try {
    const out: Float32Array[][] = [];
    for (const strength of strengths) {
      const { logits } = await scorer.score(makeBatch(withPrompt([row], adapter, strength), [0], columns), strength);
      const before = promptLength(adapter, strength);
      out.push(
        ids.map((_, t) =>
          Float32Array.from({ length: model.config.vocab }, (_, v) => logits![v * columns + before + t]!),
        ),
      );
    }
    return out;
  } finally {
    scorer.destroy();
  }
}

function logSum(row: Float32Array): number {
  const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (const value of row) sum += Math.exp(value - most);
  return most + Math.log(sum);
}

/** Nine digits: every f32 comes back as the same f32. */
function digits(value: number): number {
  return Number(value.toPrecision(9));
}
