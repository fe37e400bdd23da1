import { describe, expect, it } from 'vitest';
import { stackMatrices } from '../gpu/graph.ts';
import type { AdapterShape } from './adapter-tensors.ts';
import { flatLayout, fromRecordOrder, splitFlat, toRecordOrder } from './flat-adapter.ts';

const module = (r: number, outFeatures: number) => ({ r, scaling: 1, inFeatures: 16, outFeatures });
const shape: AdapterShape = {
  modules: new Map([
    ['q', module(4, 5)],
    ['k', module(8, 3)],
    ['o', module(3, 16)],
    ['up', module(4, 8)],
  ]),
};

describe('flatLayout()', () => {
  it('puts all A first and all B next, so that those of one input are one matrix unless padding lies between them', () => {
    const { entries } = flatLayout(shape);
    expect(entries.map(({ path, part }) => `${path} ${part}`)).toEqual([
      ...['q lora_A', 'k lora_A', 'o lora_A', 'up lora_A', 'q lora_B', 'k lora_B', 'o lora_B', 'up lora_B'],
    ]);
    const [q, k, o, up] = entries;
    expect(stackMatrices([q!, k!, o!])).toEqual({ name: 'q.lora_A.weight', shape: [15, 16], offset: 0 });
    expect(stackMatrices([o!, up!])).toBeUndefined(); // 3·16 numbers are no multiple of 64
    expect(stackMatrices([k!, q!])).toBeUndefined();
    const dora = new Map([...shape.modules].map(([path, m]) => [path, { ...m, magnitude: true as const }]));
    expect(flatLayout({ modules: dora }).entries.map(({ part }) => part)).toEqual([
      ...['lora_A', 'lora_B', 'magnitude'].flatMap((part) => [part, part, part, part]),
    ]);
  });
});

describe('records', () => {
  it('keep the tensors in the order of their list and give back what was on the device', () => {
    const { entries, length } = flatLayout(shape);
    const flat = new Float32Array(length);
    for (const [i, { offset, shape: sizes }] of entries.entries())
      flat.fill(i + 1, offset, offset + sizes[0]! * sizes[1]!);
    const record = toRecordOrder(shape, flat);
    expect([0, 64, 128, 256].map((at) => record[at])).toEqual([1, 5, 2, 6]); // A and B of q, A and B of k
    expect(fromRecordOrder(shape, record)).toEqual(flat);
    expect([...splitFlat(shape, flat).keys()].slice(0, 2)).toEqual(['q.lora_A.weight', 'q.lora_B.weight']);
  });
});
