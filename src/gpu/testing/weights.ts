// Random weights for kernel tests: the value in the graph, its bytes, and the same numbers dense for the CPU twin.

import type { Graph, Value } from '../graph.ts';
import { factorWeight, frozenWeight, type Storage, type Weight } from '../weight.ts';
import { type Data, noise } from './run-kernel.ts';

export const STORAGES: readonly Storage[] = ['f32', 'q8', 'int8-row'];

export interface TestWeight {
  readonly weight: Weight;
  readonly data: readonly (readonly [Value, Data])[];
  /** (O,C), exactly what the shader should see. */
  readonly dense: Float32Array;
}

/** Numbers of about ±1/√C, so that results are of order 1 at any size. */
export function testWeight(g: Graph, storage: Storage, rows: number, columns: number, seed = 1): TestWeight {
  const weight = frozenWeight(g, `weight ${storage}`, storage, rows, columns);
  if (storage === 'f32') {
    const dense = noise(rows * columns, seed).map((v) => v / Math.sqrt(columns));
    return { weight, data: [[weight.codes, dense]], dense };
  }
  const words = Math.ceil(columns / 4);
  const groups = storage === 'q8' ? Math.ceil(columns / 32) : 1;
  const codes = new Int8Array(rows * words * 4);
  const dense = new Float32Array(rows * columns);
  const halves = new Uint16Array(2 * Math.ceil((rows * groups) / 2));
  const scales = new Float32Array(rows * groups);
  const random = noise(rows * (columns + groups), seed);
  for (let i = 0; i < rows * groups; i++) {
    // An f16 made from its bits, so that nothing is rounded: 2^(e-15)·(1 + m/1024), about 1/(127·√C).
    const exponent = 15 + Math.floor(Math.log2(1 / (127 * Math.sqrt(columns))));
    const mantissa = Math.floor(512 * (random[i]! + 1));
    halves[i] = (Math.max(1, exponent) << 10) | mantissa;
    scales[i] = 2 ** (Math.max(1, exponent) - 15) * (1 + mantissa / 1024);
  }
  for (let o = 0; o < rows; o++)
    for (let c = 0; c < columns; c++) {
      const code = Math.round(127 * random[rows * groups + o * columns + c]!);
      codes[o * words * 4 + c] = code;
      dense[o * columns + c] = code * scales[o * groups + (storage === 'q8' ? c >> 5 : 0)]!;
    }
  const scaleData = storage === 'q8' ? new Uint32Array(halves.buffer) : scales;
  return {
    weight,
    data: [
      [weight.codes, new Uint32Array(codes.buffer)],
      [weight.scales!, scaleData],
    ],
    dense,
  };
}

/** A trained factor with the same numbers as `testWeight` of f32. */
export function testFactor(g: Graph, name: string, rows: number, columns: number, seed = 1): TestWeight {
  const value = g.trainable(name, [rows, columns]);
  const dense = noise(rows * columns, seed).map((v) => v / Math.sqrt(columns));
  return { weight: factorWeight(value), data: [[value, dense]], dense };
}
