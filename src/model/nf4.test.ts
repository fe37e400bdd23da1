import { describe, expect, it } from 'vitest';
import { readModelTensors } from './model-tensors.ts';
import { dequantizeNf4, doubleQuantize, dynamicMap, expandScales, packScales, quantizeNf4 } from './nf4.ts';
import { readTensor } from './read-tensor.ts';
import { readSafetensorsHeader } from './safetensors.ts';
import { describeWithShared, sharedFile } from './testing/shared.ts';

const golden = async (scheme: string) => {
  const { tensors } = await readSafetensorsHeader(sharedFile(`goldens/llama_quant/${scheme}/quant.safetensors`));
  return new Map(tensors.map((t) => [t.name, t]));
};
const bytesOf = (info: { file: { read(a: number, b: number): Promise<Uint8Array> }; begin: number; end: number }) =>
  info.file.read(info.begin, info.end - info.begin);

describeWithShared('NF4 against torch and bitsandbytes', 'goldens/llama_quant/nf4_dq', () => {
  it.each(['nf4', 'nf4_dq'])('every matrix of %s has the same codes and scales', async (scheme) => {
    const stored = await golden(scheme);
    const { tensors } = await readModelTensors([sharedFile('goldens/llama_untied/model/model.safetensors')]);
    const paths = [...stored.keys()].filter((name) => name.endsWith('.weight')).map((name) => name.slice(0, -7));
    expect(paths).toHaveLength(14);
    for (const path of paths) {
      const weight = tensors.get(`${path}.weight`)!;
      const [rows, columns] = weight.shape as [number, number];
      const { codes, scales } = quantizeNf4(await readTensor(weight), rows, columns);
      expect(new Uint8Array(codes.buffer), path).toEqual(await bytesOf(stored.get(`${path}.weight`)!));
      const expected = await readTensor(stored.get(`${path}.absmax`)!);
      if (scheme === 'nf4') {
        expect(scales, path).toEqual(expected);
        continue;
      }
      const double = doubleQuantize(scales);
      expect(double.table).toEqual(await readTensor(stored.get(`${path}.nested_quant_map`)!));
      expect(double.codes, path).toEqual(await bytesOf(stored.get(`${path}.absmax_q`)!));
      // The mean is a sum in another order: one step of f32 at most.
      const offset = (await readTensor(stored.get(`${path}.nested_offset`)!))[0]!;
      expect(Math.abs(double.offset / offset - 1)).toBeLessThanOrEqual(2 ** -23);
      for (const [i, scale] of expandScales(double).entries())
        expect(Math.abs(scale - expected[i]!)).toBeLessThan(2 ** -22);
    }
  });

  it('sees one weight that is off by a tenth (control)', async () => {
    const stored = await golden('nf4');
    const { tensors } = await readModelTensors([sharedFile('goldens/llama_untied/model/model.safetensors')]);
    const name = 'model.layers.0.mlp.down_proj.weight';
    const values = await readTensor(tensors.get(name)!);
    values[77]! += 0.1;
    const [rows, columns] = tensors.get(name)!.shape as [number, number];
    const { codes } = quantizeNf4(values, rows, columns);
    expect(new Uint8Array(codes.buffer)).not.toEqual(await bytesOf(stored.get(name)!));
  });
});

describe('quantizeNf4()', () => {
  const noise = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) * (1 + (i % 7)));

  it('restarts its blocks each row and fills words with the code of zero', () => {
    const [rows, columns] = [3, 70];
    const values = noise(rows * columns);
    const { codes, scales } = quantizeNf4(values, rows, columns);
    expect([codes.length, scales.length]).toEqual([3 * 9, 3 * 2]);
    for (let row = 0; row < rows; row++) {
      const tail = values.subarray(row * columns + 64, (row + 1) * columns);
      expect(scales[2 * row + 1]).toBe(Math.max(...tail.map(Math.abs)));
      expect(codes[9 * row + 8]! >>> 24).toBe(0x77);
    }
    // Half the widest gap between two of the sixteen numbers is 0.152.
    for (const [i, back] of dequantizeNf4(codes, scales, rows, columns).entries())
      expect(Math.abs(back - values[i]!)).toBeLessThanOrEqual(
        0.1525 * scales[2 * Math.floor(i / columns) + (i % columns >= 64 ? 1 : 0)]!,
      );
  });

  it('gives the same bits for chunks of rows as for the whole matrix', () => {
    const values = noise(11 * 96);
    const whole = quantizeNf4(values, 11, 96);
    const parts = [
      [0, 4],
      [4, 11],
    ].map(([from, to]) => quantizeNf4(values.slice(from! * 96, to! * 96), to! - from!, 96));
    expect(parts.flatMap(({ codes }) => [...codes])).toEqual([...whole.codes]);
    expect(parts.flatMap(({ scales }) => [...scales])).toEqual([...whole.scales]);
  });

  it('turns zeros and the smallest numbers into themselves or zeros, never NaN', () => {
    for (const value of [0, -0, 1e-45, 1e-39]) {
      const { codes, scales } = quantizeNf4(new Float32Array(64).fill(value), 1, 64);
      for (const back of dequantizeNf4(codes, scales, 1, 64)) expect(Math.abs(back - value)).toBeLessThan(1e-38);
    }
  });
});

describe('doubleQuantize()', () => {
  it('keeps scales within its steps, whatever their number', () => {
    for (const count of [1, 255, 256, 257, 700]) {
      const scales = Float32Array.from({ length: count }, (_, i) => 0.03 + 0.02 * Math.sin(i * 7.7));
      const double = doubleQuantize(scales);
      expect([double.nested.length, packScales(double).length]).toEqual([
        Math.ceil(count / 256),
        257 + Math.ceil(count / 256) + Math.ceil(count / 4),
      ]);
      // The widest gap of the table is 1/64 of the largest difference to the mean.
      for (const [i, back] of expandScales(double).entries())
        expect(Math.abs(back - scales[i]!)).toBeLessThan(0.02 / 60);
    }
  });

  it('keeps equal scales exactly', () => {
    expect(new Set(expandScales(doubleQuantize(new Float32Array(300).fill(0.25))))).toEqual(new Set([0.25]));
  });

  it('has the table of bitsandbytes, with both ends', () => {
    const map = dynamicMap();
    expect([map.length, map[255], map.indexOf(0)]).toEqual([256, 1, 127]);
    expect(map[0]).toBeCloseTo(-0.9929687, 6);
  });
});
