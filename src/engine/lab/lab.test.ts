// What the lab measures on the device, against the same numbers computed another way.

import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice } from '../../gpu/testing/open-device.ts';
import type { Adapter } from '../../lora/adapter.ts';
import { matrix } from '../../lora/algebra/matrix.ts';
import { svd } from '../../lora/algebra/svd.ts';
import { readPeftFolder } from '../../lora/files/peft.ts';
import { FlatAdapter } from '../../lora/flat-adapter.ts';
import { truncateAdapter } from '../../lora/lab/truncate-adapter.ts';
import { mergeRows } from '../../lora/merge-rows.ts';
import { BaseModel } from '../../model/base-model.ts';
import { openModelFolder } from '../../model/model-folder.ts';
import { readTensor } from '../../model/read-tensor.ts';
import { diskFolder } from '../../model/testing/shared.ts';
import { type BaseJson, goldenRows, readGoldenJson } from '../../train/testing/golden.ts';
import { adapterAnatomy } from './adapter-anatomy.ts';
import { baseNorms } from './base-norms.ts';
import { baseSpectrum } from './base-spectrum.ts';
import { ForgettingGauge } from './forgetting-gauge.ts';
import { measureChange } from './measure-change.ts';
import { portion } from './portion.ts';
import { everyRank, rankLosses } from './rank-losses.ts';
import { RowsLoss } from './rows-loss.ts';
import { strengthCurve } from './strength-curve.ts';

const FOLDER = path.join(import.meta.dirname, '../../train/testing/fixtures/llama');
const golden = readGoldenJson<BaseJson>(FOLDER, 'base.json');
const rows = goldenRows(golden);

let model: BaseModel;
let adapter: Adapter;
beforeAll(async () => {
  const device = await openDevice();
  const folder = await openModelFolder(diskFolder(path.join(FOLDER, 'model')), 'llama');
  model = await BaseModel.open(device, folder, { linears: 'f32', embeddings: 'f32' });
  adapter = (await readPeftFolder(diskFolder(path.join(FOLDER, 'lora_all_linear/adapter')), model.parts)).adapter;
});
afterAll(() => model.destroy());
const lossOf = async (of: Adapter, strength = 1) => {
  const flat = await FlatAdapter.load(model.device, of);
  const meter = await RowsLoss.create(model, flat, rows);
  const loss = await meter.measure(strength);
  meter.destroy();
  flat.destroy();
  return loss;
};

describe('rankLosses()', () => {
  it('is at every rank the loss of the adapter that is saved at that rank', async () => {
    const measured = [];
    for await (const point of rankLosses(model, adapter, rows)) measured.push(point);
    expect(measured.map(({ rank }) => rank)).toEqual([0, 1, 2, 3, 4]);
    expect(Math.abs(measured[0]!.loss - golden.loss)).toBeLessThan(1e-5);
    for (const { rank, loss } of measured.slice(1, 4))
      expect(Math.abs(loss - (await lossOf(truncateAdapter(adapter, rank))))).toBeLessThan(1e-5);
    // The whole rank is the adapter itself, and a lower one is not.
    expect(Math.abs(measured[4]!.loss - (await lossOf(adapter)))).toBeLessThan(1e-5);
    expect(Math.abs(measured[1]!.loss - measured[4]!.loss)).toBeGreaterThan(1e-3);
  });

  it('looks at every rank of a small adapter and at a dozen of a large one', () => {
    expect(everyRank(3)).toEqual([0, 1, 2, 3]);
    expect(everyRank(256).length).toBeLessThan(20);
    expect(everyRank(256).at(-1)).toBe(256);
    expect(everyRank(256)).toEqual([...new Set(everyRank(256))].sort((a, b) => a - b));
  });
});

describe('strengthCurve()', () => {
  it('begins with the base, and measures task and general rows alike', async () => {
    const flat = await FlatAdapter.load(model.device, adapter);
    const points = [];
    const options = { task: rows, general: rows, strengths: [0, 0.5, 1] };
    for await (const point of strengthCurve(model, flat, options)) points.push(point);
    flat.destroy();
    expect(points.map(({ strength }) => strength)).toEqual([0, 0.5, 1]);
    expect(points[0]!.kl).toBe(0);
    for (const { taskLoss, loss, baseLoss, tokens, strength } of points) {
      // The same rows twice: both meters have to say the same.
      expect(Math.abs(loss - taskLoss!)).toBeLessThan(1e-5);
      expect(Math.abs(baseLoss - golden.loss)).toBeLessThan(1e-5);
      expect(Math.abs(taskLoss! - (await lossOf(adapter, strength)))).toBeLessThan(1e-5);
      expect(tokens).toBe(rows.reduce((n, { mask }) => n + mask.reduce((sum, bit) => sum + bit, 0), 0));
    }
    expect(points[2]!.kl).toBeGreaterThan(points[1]!.kl);
  });
});

describe('ForgettingGauge', () => {
  it('gives the same means whatever rows lie in a pass together', async () => {
    const flat = await FlatAdapter.load(model.device, adapter);
    const [apart, together] = [
      await ForgettingGauge.create(model, flat, rows, 16),
      await ForgettingGauge.create(model, flat, rows, 128),
    ];
    const [one, other] = [await apart.measure(), await together.measure()];
    expect(one.tokens).toBe(other.tokens);
    for (const key of ['loss', 'baseLoss', 'kl'] as const) expect(Math.abs(one[key] - other[key])).toBeLessThan(1e-5);
    apart.destroy();
    together.destroy();
    await expect(ForgettingGauge.create(model, flat)).rejects.toThrow('found no tokenizer.json in "llama"');
    flat.destroy();
  });
});

describe('baseNorms()', () => {
  it('is the norm of every matrix that lies on the device, and leaves out what is none', async () => {
    const norms = await baseNorms(model, [...model.linears().keys(), 'model.norm']);
    expect(norms.size).toBe(14);
    for (const [at, norm] of norms) {
      const values = await readTensor(model.folder.tensors.get(`${at}.weight`)!);
      expect(Math.abs(norm / Math.hypot(...values) - 1)).toBeLessThan(1e-5);
    }
  });
});

describe('measureChange()', () => {
  const frobenius = (values: Iterable<number>) => Math.hypot(...values);

  it('is the norm of what DoRA makes of W, less W', async () => {
    const at = 'model.layers.1.mlp.up_proj';
    const module = adapter.modules.get(at)!;
    const base = await readTensor(model.folder.tensors.get(`${at}.weight`)!);
    const C = module.inFeatures;
    // Lengths a little off those that the base has.
    const magnitude = Float32Array.from({ length: module.outFeatures }, (_, o) => {
      const row = base.subarray(o * C, (o + 1) * C);
      return frobenius(row) * (1 + 0.02 * Math.sin(o));
    });
    const dora = { ...module, magnitude };
    const merged = Float32Array.from(base);
    mergeRows(at, dora, merged, 0);
    const expected = frobenius(merged.map((value, i) => value - base[i]!));
    const { modules } = await measureChange(model, { ...adapter, modules: new Map([[at, dora]]) });
    expect(Math.abs(modules.get(at)! / expected - 1)).toBeLessThan(1e-4);
    const anatomy = adapterAnatomy({ ...adapter, modules: new Map([[at, dora]]) });
    expect(Math.abs(anatomy.modules[0]!.norm / expected - 1), 'that of s·B·A is another').toBeGreaterThan(0.01);
  });

  it('is how far parameters and rows of tokens that are trained in full have moved', async () => {
    const embedding = 'model.embed_tokens';
    const table = await readTensor(model.folder.tensors.get(`${embedding}.weight`)!);
    const norm = await readTensor(model.folder.tensors.get('model.norm.weight')!);
    const head = { shape: [table.length / 64, 64], values: table.map((value, i) => value + (i % 97 === 0 ? 0.5 : 0)) };
    const ids = [3, 70, 71];
    const rowsOf = Float32Array.from(
      ids.flatMap((id) => [...table.subarray(64 * id, 64 * (id + 1))].map((v) => 2 * v)),
    );
    const { parts } = await measureChange(model, {
      ...adapter,
      modules: new Map(),
      saved: new Map([
        ['lm_head.weight', head],
        ['model.norm.weight', { shape: [64], values: norm.map((value) => value + 0.25) }],
      ]),
      tokens: new Map([[embedding, { ids, columns: 64, rows: rowsOf }]]),
    });
    const [ofHead, ofNorm, ofTokens] = parts;
    expect(ofHead).toMatchObject({ name: 'lm_head.weight', elements: table.length });
    expect(ofHead!.change).toBeCloseTo(0.5 * Math.sqrt(Math.ceil(table.length / 97)), 4);
    expect(ofHead!.baseNorm).toBeCloseTo(frobenius(table), 2);
    expect(ofNorm!.change).toBeCloseTo(0.25 * 8, 5);
    expect(ofTokens!.change).toBeCloseTo(ofTokens!.baseNorm, 5);
  });
});

describe('portion()', () => {
  it('takes whole rows from all over, within its tokens', () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ ...rows[0]!, line: i, ids: new Int32Array(10) }));
    const some = portion(many, 95);
    expect(some.length).toBe(9);
    expect(some[0]!.line).toBeLessThan(10);
    expect(some.at(-1)!.line).toBeGreaterThan(90);
    expect(portion(many, 1000)).toBe(many);
    expect(portion(many, 3).length).toBe(1);
  });
});

describe('baseSpectrum()', () => {
  const PATH = 'model.layers.0.mlp.down_proj';
  const exact = async () => {
    const info = model.folder.tensors.get(`${PATH}.weight`)!;
    return svd(matrix(info.shape[0]!, info.shape[1]!, await readTensor(info))).s;
  };

  it('is all of a small spectrum, exactly', async () => {
    const found = await baseSpectrum(model, PATH, 64);
    expect(found).toMatchObject({ path: PATH, outFeatures: 64, inFeatures: 128, isWhole: true });
    const expected = await exact();
    for (const [i, s] of found.singularValues.entries())
      expect(Math.abs(s - expected[i]!)).toBeLessThan(1e-5 * expected[0]!);
  });

  it('is the beginning of a larger one, within a hundredth even where it hardly falls', async () => {
    const found = await baseSpectrum(model, PATH, 8);
    const expected = await exact();
    expect(found.isWhole).toBe(false);
    expect(found.singularValues.length).toBe(8);
    for (const [i, s] of found.singularValues.entries()) expect(Math.abs(s / expected[i]! - 1)).toBeLessThan(0.01);
  });

  it('refuses what is no linear', async () => {
    await expect(baseSpectrum(model, 'model.norm')).rejects.toThrow('need a linear of "llama"');
  });
});
