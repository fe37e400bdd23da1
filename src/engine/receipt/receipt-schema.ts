// What a receipt has to be before anyone reads on in it. Its hash says that it is as it was written; who wrote it may be anyone.

import * as v from 'valibot';
import { ToldSettings } from '../../train/settings-schema.ts';
import type { Receipt } from './receipt.ts';

const text = v.pipe(v.string(), v.maxLength(4000));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** JSON has no NaN, and a curve may end in one. */
const measured = v.pipe(
  v.nullable(v.number()),
  v.transform((value) => value ?? Number.NaN),
);
const row = v.array(v.number());

const Forgetting = v.object({ step: count, loss: measured, baseLoss: measured, kl: measured, tokens: count });
const Curve = v.object({
  losses: v.array(measured),
  evals: v.array(v.object({ step: count, loss: measured })),
  forgetting: v.optional(v.array(Forgetting)),
});
const Probe = v.object({
  ids: row,
  top: v.array(row),
  logits: v.array(row),
  logSumExp: row,
  effect: measured,
  device: text,
});

const ReceiptSchema = v.object({
  format: v.literal(1),
  software: text,
  made: v.picklist(['trained', 'imported', 'merged', 'truncated']),
  created: v.optional(text),
  from: v.optional(v.record(text, v.union([text, v.number()]))),
  base: v.optional(v.object({ name: text, hash: text, quant: v.object({ linears: text, embeddings: text }) })),
  data: v.optional(
    v.object({
      name: text,
      hash: text,
      rows: count,
      tokens: count,
      supervisedTokens: count,
      longestRow: count,
      rowsWithoutTarget: count,
    }),
  ),
  run: v.optional(
    v.object({
      recipe: ToldSettings,
      steps: count,
      stopped: v.boolean(),
      trouble: v.optional(text),
      curve: Curve,
      rateChanges: v.array(v.object({ step: count, learningRate: v.number(), isHalving: v.optional(v.boolean()) })),
    }),
  ),
  probe: v.optional(Probe),
  files: v.record(text, v.object({ bytes: count, sha256: text })),
  tensors: v.record(text, v.array(count)),
  scaling: v.record(text, v.number()),
  sha256: text,
});

/** Throws a sentence that names the first field that is wrong. */
export function parseReceipt(json: unknown, name: string): Receipt {
  const read = v.safeParse(ReceiptSchema, json, { abortEarly: true });
  if (read.success) return read.output as Receipt;
  const [issue] = read.issues;
  throw new RangeError(
    `Cannot read "${name}": found ${issue.received} for ${v.getDotPath(issue) ?? 'the whole'}, need ${issue.expected ?? 'a value in its limits'}`,
  );
}
