// Against torch's logits of base and adapted model: losses and divergences computed from them in f64.

import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBatch } from '../data/make-batch.ts';
import { openDevice } from '../gpu/testing/open-device.ts';
import { readPeftFolder } from '../lora/files/peft.ts';
import { FlatAdapter } from '../lora/flat-adapter.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { ForgettingMeter } from './forgetting-meter.ts';
import { Scorer } from './score.ts';
import {
  type BaseJson,
  diskFolder,
  goldenPath,
  goldenRows,
  readGoldenJson,
  readGoldenTensors,
} from './testing/golden.ts';

const FOLDER = goldenPath('llama')!;
const ADAPTER = path.join(FOLDER, 'lora_all_linear');
const COLUMNS = 64;

let model: BaseModel;
let adapter: FlatAdapter;
let meter: ForgettingMeter;
beforeAll(async () => {
  const device = await openDevice();
  model = await BaseModel.open(device, await openModelFolder(diskFolder(path.join(FOLDER, 'model')), 'llama'), {
    linears: 'f32',
    embeddings: 'f32',
  });
  const read = await readPeftFolder(diskFolder(path.join(ADAPTER, 'adapter')), model.parts);
  adapter = await FlatAdapter.load(device, read.adapter);
  meter = await ForgettingMeter.create(model, adapter, COLUMNS, 24);
});
afterAll(() => {
  meter.destroy();
  adapter.destroy();
  model.destroy();
});

const base = readGoldenJson<BaseJson>(FOLDER, 'base.json');
const rows = goldenRows(base);
const batch = makeBatch(rows, [0, 1], COLUMNS);

describe('ForgettingMeter', () => {
  it("gives torch's losses and divergences of every token", async () => {
    const baseLogits = (await readGoldenTensors(path.join(FOLDER, 'base.safetensors'))).get('logits')!;
    const adapted = (await readGoldenTensors(path.join(ADAPTER, 'golden.safetensors'))).get('logits')!;
    const { vocab } = model.config;
    const logSoftmax = (logits: Float32Array, row: number, token: number) => {
      const at = (row * base.batch.input_ids[0]!.length + token) * vocab;
      const values = Float64Array.from(logits.subarray(at, at + vocab));
      const top = Math.max(...values);
      const lse = top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
      return values.map((value) => value - lse);
    };
    const { baseLosses, losses, divergences } = await meter.measure(batch);
    let i = 0;
    for (const [row, { ids, mask }] of rows.entries())
      for (let t = 0; t + 1 < ids.length; t++) {
        if (mask[t + 1] !== 1) continue;
        const [p, q] = [logSoftmax(baseLogits, row, t), logSoftmax(adapted, row, t)];
        const kl = p.reduce((sum, value, v) => sum + Math.exp(value) * (value - q[v]!), 0);
        // Logits agree with torch's to 2e-4 (golden.test.ts).
        expect(Math.abs(baseLosses[i]! + p[ids[t + 1]!]!)).toBeLessThan(4e-4);
        expect(Math.abs(losses[i]! + q[ids[t + 1]!]!)).toBeLessThan(4e-4);
        expect(Math.abs(divergences[i]! - kl)).toBeLessThan(4e-4);
        expect(kl).toBeGreaterThan(0.01);
        i++;
      }
    expect(i).toBe(batch.supervised);
  });

  it('finds no forgetting at strength 0, and other numbers at every other strength', async () => {
    const none = await meter.measure(batch, 0);
    expect(none.losses).toEqual(none.baseLosses);
    expect(none.divergences.every((value) => value === 0)).toBe(true);
    const mean = async (strength: number) => {
      const { divergences } = await meter.measure(batch, strength);
      return divergences.reduce((sum, value) => sum + value, 0) / divergences.length;
    };
    const half = await mean(0.5);
    expect(half).toBeGreaterThan(0);
    expect(await mean(1)).toBeGreaterThan(1.5 * half);
  });

  it("agrees with the scorer's losses at any strength", async () => {
    const scorer = await Scorer.create(model, adapter, COLUMNS, 24);
    const { losses } = await scorer.score(batch, 0.7);
    scorer.destroy();
    const measured = await meter.measure(batch, 0.7);
    for (const [i, loss] of losses.entries()) expect(Math.abs(measured.losses[i]! - loss)).toBeLessThan(1e-5);
  });
});
