import { expect, test } from 'vitest';
import { lookAt, placesOf } from './run-look.ts';

test('a run keeps its look when others come and go', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (k: string) => kept.get(k) ?? null,
    setItem: (k: string, v: string) => void kept.set(k, v),
  };
  Object.assign(globalThis, { localStorage: storage });
  expect([...placesOf(['a', 'b'])]).toEqual([
    ['a', 0],
    ['b', 1],
  ]);
  expect(placesOf(['b', 'c']).get('b')).toBe(1);
  expect(placesOf(['b', 'c']).get('c')).toBe(2);
});

test('six looks in a row differ in colour and in dash', () => {
  const looks = [0, 1, 2, 3, 4, 5].map(lookAt);
  expect(new Set(looks.map(({ stroke }) => stroke)).size).toBe(6);
  expect(new Set(looks.map(({ dash }) => String(dash))).size).toBe(6);
});
