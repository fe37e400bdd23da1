import { describe, expect, it } from 'vitest';
import { floatToHalf, halfToFloat } from './half.ts';
import { fileFromBytes } from './model-file.ts';
import { readModelTensors } from './model-tensors.ts';
import {
  dequantize,
  type QuantRows,
  quantBytes,
  quantizeRows,
  readQuantRows,
  rowsPerChunk,
  weightSource,
} from './quantize.ts';
import { readTensor } from './read-tensor.ts';
import { readSafetensorsHeader, type TensorInfo, writeSafetensors } from './safetensors.ts';
import { describeWithShared, fixtureFile, sharedFile } from './testing/shared.ts';

const byName = async (file: Parameters<typeof readSafetensorsHeader>[0]) =>
  new Map((await readSafetensorsHeader(file)).tensors.map((t) => [t.name, t]));
const rawBytes = (info: TensorInfo) => info.file.read(info.begin, info.end - info.begin);
type Codes = Extract<QuantRows, { scheme: 'q8' | 'int8-row' }>;

/** Codes without the padding, as a file stores them. */
function plainCodes({ codes, rows, columns }: Codes): Uint8Array {
  const bytes = new Uint8Array(codes.buffer);
  const stride = Math.ceil(columns / 4) * 4;
  return Uint8Array.from(
    { length: rows * columns },
    (_, i) => bytes[Math.floor(i / columns) * stride + (i % columns)]!,
  );
}
const scaleBytes = (quant: Codes) => new Uint8Array(quant.scales.buffer);
const noise = (length: number, size = 1) => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) * size);

async function expectGolden(weight: TensorInfo, codes: TensorInfo, scale: TensorInfo, change = 0) {
  const [rows = 0, columns = 0] = weight.shape;
  const values = await readTensor(weight);
  values[5]! += change;
  const quant = quantizeRows(weight.name, values, rows, columns, scale.dtype === 'F16' ? 'q8' : 'int8-row') as Codes;
  expect(plainCodes(quant)).toEqual(await rawBytes(codes));
  expect(scaleBytes(quant)).toEqual(await rawBytes(scale));
}

describe('quantizeRows() against torch', () => {
  const layer = 'model.layers.0.mlp.down_proj';
  it.each(['q8', 'int8-row'])('gives the codes and scales of %s bit for bit', async (scheme) => {
    const t = await byName(fixtureFile('quant-golden.safetensors'));
    await expectGolden(t.get(`${layer}.weight`)!, t.get(`${layer}.${scheme}.q`)!, t.get(`${layer}.${scheme}.scale`)!);
  });
  it('the comparison sees a weight that is off by 2 % (control)', async () => {
    const t = await byName(fixtureFile('quant-golden.safetensors'));
    const changed = expectGolden(t.get(`${layer}.weight`)!, t.get(`${layer}.q8.q`)!, t.get(`${layer}.q8.scale`)!, 0.02);
    await expect(changed).rejects.toThrow();
  });
});

describeWithShared('quantizeRows() against every golden matrix', 'goldens/llama_quant', () => {
  it.each([
    ['int8_g32', 'llama_untied', 14],
    ['int8_row', 'llama_untied', 14],
    ['int8_row_embed', 'llama_untied', 16],
    ['int8_row_embed_tied', 'llama', 15],
  ])('%s is bit-equal', async (scheme, model, matrices) => {
    const golden = await byName(sharedFile(`goldens/llama_quant/${scheme}/quant.safetensors`));
    const { tensors } = await readModelTensors([sharedFile(`goldens/${model}/model/model.safetensors`)]);
    const paths = [...golden.keys()].filter((name) => name.endsWith('.q')).map((name) => name.slice(0, -2));
    expect(paths).toHaveLength(matrices);
    for (const path of paths) {
      await expectGolden(tensors.get(`${path}.weight`)!, golden.get(`${path}.q`)!, golden.get(`${path}.scale`)!);
    }
  });
});

describe('quantizeRows()', () => {
  it('pads rows to whole words and restarts groups at every row', () => {
    const quant = quantizeRows('w', noise(3 * 37), 3, 37, 'q8') as Codes;
    expect([quant.codes.length, quant.scales.length]).toEqual([3 * 10, 3]);
    const bytes = new Int8Array(quant.codes.buffer);
    for (let row = 0; row < 3; row++) {
      expect([...bytes.slice(row * 40 + 37, row * 40 + 40)]).toEqual([0, 0, 0]);
      // The largest weight of each group, the short one too, has code ±127.
      for (const [from, to] of [
        [0, 32],
        [32, 37],
      ] as const) {
        expect(Math.max(...bytes.slice(row * 40 + from, row * 40 + to).map(Math.abs))).toBe(127);
      }
    }
  });

  it.each(['q8', 'int8-row'] as const)('keeps every weight within half a step in %s', (scheme) => {
    const rows = noise(5 * 70, 0.3);
    const back = dequantize(quantizeRows('w', rows, 5, 70, scheme));
    // Half a step of the largest scale, plus f16's relative error of the scale times 127 steps.
    const worst = (0.3 / 127) * (0.5 + 127 * 2 ** -11);
    expect(Math.max(...rows.map((value, i) => Math.abs(back[i]! - value)))).toBeLessThan(worst);
  });

  it('gives the same words for chunks at even rows as for the whole matrix', () => {
    for (const columns of [32, 37, 96, 688]) {
      const rows = noise(11 * columns);
      const whole = quantizeRows('w', rows, 11, columns, 'q8') as Codes;
      const parts = [
        [0, 4],
        [4, 10],
        [10, 11],
      ].map(
        ([from, to]) =>
          quantizeRows('w', rows.slice(from! * columns, to! * columns), to! - from!, columns, 'q8') as Codes,
      );
      const joined = (part: (q: Codes) => ArrayLike<number>) => parts.flatMap((q) => Array.from(part(q)));
      expect(joined((q) => q.codes)).toEqual([...whole.codes]);
      expect(joined((q) => q.scales)).toEqual([...whole.scales]);
      const bytes = quantBytes('q8', 11, columns);
      expect([bytes.codes, bytes.scales]).toEqual([whole.codes.byteLength, whole.scales.byteLength]);
      expect(rowsPerChunk(columns) % 2).toBe(0);
    }
    expect(quantBytes('int8-row', 3, 5)).toEqual({ codes: 24, scales: 12, values: 0 });
    expect(quantBytes('f32', 3, 5)).toEqual({ codes: 0, scales: 0, values: 60 });
  });

  it('rounds halves away from zero in q8 and to even in int8-row', () => {
    const rows = Float32Array.of(127, 0.5, 1.5, 2.5, -0.5, -2.5);
    const codesOf = (scheme: 'q8' | 'int8-row') =>
      [...plainCodes(quantizeRows('w', rows, 1, 6, scheme) as Codes)].map((c) => (c << 24) >> 24);
    expect(codesOf('q8')).toEqual([127, 1, 2, 3, -1, -3]);
    expect(codesOf('int8-row')).toEqual([127, 0, 2, 2, 0, -2]);
  });

  it('rounds to the nearest half in f16, and pads rows with zeros', () => {
    const rows = noise(3 * 37, 2);
    const quant = quantizeRows('w', rows, 3, 37, 'f16') as Codes;
    expect(quant.codes.length).toBe(3 * 20);
    expect([...dequantize(quant)]).toEqual([...rows].map((value) => halfToFloat(floatToHalf(value))));
    rows[40] = 65520;
    expect(() => quantizeRows('w', rows, 3, 37, 'f16', 5)).toThrow(
      'found 65520 at [6, 3], need magnitudes below 65520',
    );
  });

  it('turns rows of zeros and of the smallest numbers into zeros, never NaN', () => {
    for (const value of [0, -0, 1e-45, 1e-39, 1e-30]) {
      const rows = new Float32Array(32).fill(value);
      const q8 = dequantize(quantizeRows('w', rows, 1, 32, 'q8'));
      expect(q8.every((x) => x === 0)).toBe(true);
      expect(dequantize(quantizeRows('w', rows, 1, 32, 'int8-row')).every((x) => Math.abs(x - value) <= 1e-38)).toBe(
        true,
      );
    }
  });

  it('names the place of a weight that is no finite number or too large for f16 scales', () => {
    const rows = noise(12);
    rows[7] = Number.NaN;
    const quantize = () => quantizeRows('lm_head.weight', rows, 3, 4, 'int8-row', 100);
    expect(quantize).toThrow(RangeError);
    expect(quantize).toThrow('Cannot use weight "lm_head.weight": found NaN at [101, 3], need finite numbers');
    rows[7] = Number.NEGATIVE_INFINITY;
    expect(() => quantizeRows('w', rows, 3, 4, 'f32')).toThrow('found -Infinity at [1, 3]');
    rows[7] = -9e6;
    expect(() => quantizeRows('w', rows, 3, 4, 'q8')).toThrow('found -9000000 at [1, 3]');
  });
});

describe('readQuantRows()', () => {
  const [rows, columns] = [5, 37];
  const weights = noise(rows * columns);
  const quant = quantizeRows('w', weights, rows, columns, 'q8') as Codes;
  const stored = writeSafetensors(
    [
      { name: 'w', dtype: 'I8', shape: [rows, columns], bytes: plainCodes(quant) },
      { name: 'w.scale', dtype: 'F16', shape: [rows, 2], bytes: scaleBytes(quant) },
      { name: 'plain', dtype: 'F32', shape: [rows, columns], bytes: new Uint8Array(weights.buffer) },
      { name: 'bare', dtype: 'I8', shape: [1, 1], bytes: new Uint8Array(1) },
      { name: 'vector', dtype: 'F32', shape: [1], bytes: new Uint8Array(4) },
    ],
    { 'graft.quant': 'q8' },
  );
  const load = () => byName(fileFromBytes('model.safetensors', stored));

  it('keeps stored q8 codes and scales as they are, in any even chunk', async () => {
    const source = weightSource(await load(), 'w');
    expect(await readQuantRows(source, 0, rows, 'q8')).toEqual(quant);
    const tail = (await readQuantRows(source, 2, 5, 'q8')) as Codes;
    expect([...tail.codes]).toEqual([...quant.codes.slice(20)]);
    expect([...tail.scales]).toEqual([...quant.scales.slice(2)]);
  });

  it('dequantises stored q8 for other schemes, and quantises plain weights', async () => {
    const tensors = await load();
    const values = (await readQuantRows(weightSource(tensors, 'w'), 0, rows, 'f32')) as { values?: Float32Array };
    expect(values.values).toEqual(dequantize(quant));
    const perRow = await readQuantRows(weightSource(tensors, 'w'), 1, 3, 'int8-row');
    expect(perRow).toEqual(quantizeRows('w', dequantize(quant).slice(columns, 3 * columns), 2, columns, 'int8-row'));
    expect(await readQuantRows(weightSource(tensors, 'plain'), 0, rows, 'q8')).toEqual(quant);
  });

  it('refuses what is no weight: missing, vectors, codes without scales, scales that are not finite', async () => {
    const tensors = await load();
    expect(() => weightSource(tensors, 'nope')).toThrow('found no such tensor');
    expect(() => weightSource(tensors, 'vector')).toThrow('found shape [1], need a matrix');
    expect(() => weightSource(tensors, 'bare')).toThrow('found I8 with scales none, need "bare.scale" as F16 [1, 1]');
    const broken = stored.slice();
    const scale = tensors.get('w.scale')!;
    broken[scale.begin + 5] = 0x7c;
    const source = weightSource(await byName(fileFromBytes('m', broken)), 'w');
    await expect(readQuantRows(source, 0, rows, 'q8')).rejects.toThrow(
      'Cannot use "w.scale": found no finite scale at 2',
    );
  });
});
