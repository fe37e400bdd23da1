import { describe, expect, it } from 'vitest';
import { Graph, offsetIn, type Value } from './graph.ts';
import { padded, planMemory } from './plan.ts';
import { BASE_TRAITS } from './traits.ts';

/** An op that reads some values and writes one. The shader is never loaded: planning needs none. */
function op(g: Graph, reads: Value[], y: Value): Value {
  const bindings = Object.fromEntries(reads.map((v, i) => [`x${i}`, v]));
  g.push({
    label: `make ${y.name}`,
    shader: { file: 'none' },
    bindings: { ...bindings, y },
    writes: ['y'],
    grid: [1, 1, 1],
  });
  return y;
}

describe('planMemory()', () => {
  it('gives values that live at the same time places that do not overlap', () => {
    const g = new Graph(BASE_TRAITS);
    const x = g.input('x', [64, 4]);
    const a = op(g, [x], g.activation('a', [100, 4]));
    const b = op(g, [a], g.activation('b', [300, 4]));
    const c = op(g, [a, b], g.activation('c', [7, 4]));
    op(g, [b, c], g.activation('d', [50, 4]));
    const { places } = planMemory(g, BASE_TRAITS);
    const span = (v: Value) => [places.get(v)!.offset, places.get(v)!.offset + padded(v)] as const;
    for (const [v, w] of [
      [a, b],
      [a, c],
      [b, c],
    ] as const) {
      const [s, t] = [span(v), span(w)];
      expect(s[1] <= t[0] || t[1] <= s[0], `${v.name} and ${w.name}`).toBe(true);
    }
  });

  it('uses the memory of a dead value again', () => {
    const g = new Graph(BASE_TRAITS);
    let x = g.input('x', [64, 4]);
    for (let i = 0; i < 10; i++) x = op(g, [x], g.activation(`a${i}`, [64, 4]));
    expect(planMemory(g, BASE_TRAITS).bytes.activations).toBe(2 * 64 * 4 * 4);
  });

  it('keeps a kept value to the end', () => {
    const g = new Graph(BASE_TRAITS);
    const first = g.keep(op(g, [g.input('x', [64, 4])], g.activation('first', [64, 4])));
    let x = first;
    for (let i = 0; i < 5; i++) x = op(g, [x], g.activation(`a${i}`, [64, 4]));
    const { places } = planMemory(g, BASE_TRAITS);
    const others = g.values.filter((v) => v.role === 'activation' && v !== first);
    for (const v of others) expect(places.get(v)!.offset).not.toBe(places.get(first)!.offset);
  });

  it('names a value that no binding can hold', () => {
    const g = new Graph(BASE_TRAITS);
    op(g, [g.input('x', [4])], g.activation('logits', [1 << 24, 4]));
    expect(() => planMemory(g, BASE_TRAITS)).toThrow(
      /Cannot bind "logits" \(268435456 bytes\): this device allows 134217728/,
    );
  });

  it('opens a second arena where one buffer is too small', () => {
    const g = new Graph(BASE_TRAITS);
    const x = g.input('x', [4]);
    const big = ['a', 'b', 'c'].map((name) => op(g, [x], g.activation(name, [6 << 20, 4])));
    op(g, big, g.activation('y', [4]));
    expect(planMemory(g, BASE_TRAITS).arenas.length).toBe(2);
  });

  it('lays adjoining values side by side, gives them to an op as one, and notices when one of them has been overwritten', () => {
    const g = new Graph(BASE_TRAITS);
    const x = g.input('x', [64, 4]);
    const [a, b, c] = g.adjoining(['a', 'b', 'c'], [32, 16, 64], 4) as [Value, Value, Value];
    for (const v of [a, b, c]) op(g, [x], v);
    const all = g.joined([a, b, c])!;
    expect(all.shape).toEqual([112, 4]);
    expect([a, b, c].map(offsetIn)).toEqual([0, 128, 192]);
    op(g, [all], g.activation('sum', [4]));
    expect(planMemory(g, BASE_TRAITS).bytes.activations).toBe(112 * 16 + 256);
    expect(g.joined([b, c])!.shape).toEqual([80, 4]);
    expect(g.joined([a, c])).toBeUndefined();
    const turned = op(g, [], g.inPlace('b', b));
    op(g, [g.joined([a, turned, c])!], g.activation('another sum', [4]));
    planMemory(g, BASE_TRAITS);
    op(g, [all], g.activation('too late', [4]));
    expect(() => planMemory(g, BASE_TRAITS)).toThrow(/"make too late" reads "b" after "make b" has overwritten it/);
  });

  it('lays values by themselves where no binding can begin between them', () => {
    const g = new Graph(BASE_TRAITS);
    const values = g.adjoining(['a', 'b'], [33, 16], 4);
    expect(values.map(offsetIn)).toEqual([undefined, undefined]);
    expect(g.joined(values)).toBeUndefined();
  });

  it('refuses to read what nothing has written', () => {
    const g = new Graph(BASE_TRAITS);
    op(g, [g.activation('ghost', [4])], g.activation('y', [4]));
    expect(() => planMemory(g, BASE_TRAITS)).toThrow(/reads "ghost" before anything has written it/);
  });
});
