// Random weights for kernel tests: the value in the graph, its bytes, and the same numbers dense for the CPU twin.

import type { Graph, Value } from '../graph.ts';
import { NF4, NF4_ZERO } from '../nf4.ts';
import { doubleScaleHead, factorWeight, frozenWeight, type Storage, type Weight } from '../weight.ts';
import { type Data, noise } from './run-kernel.ts';

export const STORAGES: readonly Storage[] = ['f32', 'f16', 'q8', 'int8-row', 'nf4', 'nf4-dq'];

export interface TestWeight {
  readonly weight: Weight;
  readonly data: readonly (readonly [Value, Data])[];
  /** (O,C), exactly what the shader should see. */
  readonly dense: Float32Array;
}

/** Numbers of about ±1/√C, so that results are of order 1 at any size. */
export function testWeight(g: Graph, storage: Storage, rows: number, columns: number, seed = 1): TestWeight {
  const weight = frozenWeight(g, `weight ${storage}`, storage, rows, columns);
  const { codes, scales, dense } = MAKERS[storage](rows, columns, seed);
  const data: [Value, Data][] = [[weight.codes, codes]];
  if (scales !== undefined) data.push([weight.scales!, scales]);
  return { weight, data, dense };
}

/** A trained factor with the same numbers as `testWeight` of f32. */
export function testFactor(g: Graph, name: string, rows: number, columns: number, seed = 1): TestWeight {
  const value = g.trainable(name, [rows, columns]);
  const { dense } = plain(rows, columns, seed);
  return { weight: factorWeight(value), data: [[value, dense]], dense };
}

interface Made {
  readonly codes: Data;
  readonly scales?: Data;
  readonly dense: Float32Array;
}
type Maker = (rows: number, columns: number, seed: number) => Made;

const plain: Maker = (rows, columns, seed) => {
  const dense = noise(rows * columns, seed).map((v) => v / Math.sqrt(columns));
  return { codes: dense, dense };
};

const halves: Maker = (rows, columns, seed) => {
  const stride = 4 * Math.ceil(columns / 4);
  const codes = new Uint16Array(rows * stride);
  const dense = new Float32Array(rows * columns);
  const random = noise(rows * columns, seed);
  for (let o = 0; o < rows; o++)
    for (let c = 0; c < columns; c++) {
      const { bits, value } = half(Math.abs(random[o * columns + c]!), 1 / Math.sqrt(columns));
      const isNegative = random[o * columns + c]! < 0;
      codes[o * stride + c] = isNegative ? bits | 0x8000 : bits;
      dense[o * columns + c] = isNegative ? -value : value;
    }
  return { codes: new Uint32Array(codes.buffer), dense };
};

/** int8 codes; a scale for each `group` columns. */
const bytes =
  (group: number, areHalves: boolean): Maker =>
  (rows, columns, seed) => {
    const stride = 4 * Math.ceil(columns / 4);
    const groups = Math.max(1, Math.ceil(columns / group));
    const random = noise(rows * (columns + groups), seed);
    const scales = Array.from({ length: rows * groups }, (_, i) =>
      half(Math.abs(random[i]!), 1 / (127 * Math.sqrt(columns))),
    );
    const codes = new Int8Array(rows * stride);
    const dense = new Float32Array(rows * columns);
    for (let o = 0; o < rows; o++)
      for (let c = 0; c < columns; c++) {
        const code = Math.round(127 * random[rows * groups + o * columns + c]!);
        codes[o * stride + c] = code;
        dense[o * columns + c] = code * scales[o * groups + Math.floor(c / group)]!.value;
      }
    const bits = new Uint16Array(2 * Math.ceil(scales.length / 2));
    bits.set(scales.map((s) => s.bits));
    return {
      codes: new Uint32Array(codes.buffer),
      scales: areHalves ? new Uint32Array(bits.buffer) : Float32Array.from(scales, (s) => s.value),
      dense,
    };
  };

const nibbles =
  (makeScales: (count: number, size: number, seed: number) => { scales: Data; values: Float32Array }): Maker =>
  (rows, columns, seed) => {
    const stride = 4 * Math.ceil(columns / 8);
    const groups = Math.ceil(columns / 64);
    const { scales, values } = makeScales(rows * groups, 1 / Math.sqrt(columns), seed + 100);
    const codes = new Uint8Array(rows * stride).fill(NF4_ZERO * 0x11);
    const dense = new Float32Array(rows * columns);
    const random = noise(rows * columns, seed);
    for (let o = 0; o < rows; o++)
      for (let c = 0; c < columns; c++) {
        const code = Math.floor(8 * (random[o * columns + c]! + 1)) & 15;
        const at = o * stride + (c >> 1);
        codes[at] = c % 2 === 0 ? (codes[at]! & 0x0f) | (code << 4) : (codes[at]! & 0xf0) | code;
        dense[o * columns + c] = NF4[code]! * values[o * groups + (c >> 6)]!;
      }
    return { codes: new Uint32Array(codes.buffer), scales, dense };
  };

const singleScales = (count: number, size: number, seed: number) => {
  const values = noise(count, seed).map((v) => size * (1.1 + v));
  return { scales: values, values };
};

const doubleScales = (count: number, size: number, seed: number) => {
  const head = doubleScaleHead(count);
  const words = new Uint32Array(head + Math.ceil(count / 4));
  const floats = new Float32Array(words.buffer);
  floats.set(noise(256, seed));
  floats[256] = 2 * size;
  floats.set(
    noise(head - 257, seed + 1).map((v) => size * (0.6 + v / 2)),
    257,
  );
  const codes = new Uint8Array(words.buffer, 4 * head, count);
  codes.set(noise(count, seed + 2).map((v) => Math.floor(128 * (v + 1))));
  const values = Float32Array.from(
    codes,
    (code, i) => Math.fround(floats[code]! * floats[257 + (i >> 8)]!) + floats[256]!,
  );
  return { scales: words, values };
};

const MAKERS: Readonly<Record<Storage, Maker>> = {
  f32: plain,
  f16: halves,
  q8: bytes(32, true),
  'int8-row': bytes(Number.POSITIVE_INFINITY, false),
  nf4: nibbles(singleScales),
  'nf4-dq': nibbles(doubleScales),
};

/** An f16 made from its bits, so that nothing is rounded: 2^(e-15)·(1 + m/1024), about `size`; `random` in [0,1) chooses m. */
function half(random: number, size: number): { bits: number; value: number } {
  const exponent = Math.max(1, 15 + Math.floor(Math.log2(size)));
  const mantissa = Math.min(1023, Math.floor(1024 * random));
  return { bits: (exponent << 10) | mantissa, value: 2 ** (exponent - 15) * (1 + mantissa / 1024) };
}
