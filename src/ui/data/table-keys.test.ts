import { expect, test } from 'vitest';
import { moveInTable } from './table-keys.ts';

test('keys move by a row, by what can be done with it, by a page, and to both ends', () => {
  const at = { row: 10, column: 0 };
  const move = (key: string, from = at) => moveInTable(key, from, 200_000, 7);
  expect(move('ArrowDown')).toEqual({ row: 11, column: 0 });
  expect(move('ArrowUp')).toEqual({ row: 9, column: 0 });
  expect(move('ArrowRight')).toEqual({ row: 10, column: 1 });
  expect(move('PageDown')).toEqual({ row: 17, column: 0 });
  expect(move('End')).toEqual({ row: 199_999, column: 0 });
  expect(move('Home')).toEqual({ row: 0, column: 0 });
  expect(move('ArrowLeft')).toEqual(at);
  expect(move('ArrowRight', { row: 3, column: 2 })).toEqual({ row: 3, column: 2 });
  expect(move('ArrowDown', { row: 199_999, column: 1 })).toEqual({ row: 199_999, column: 1 });
  for (const key of ['a', 'Tab', 'Enter', 'toString']) expect(move(key)).toBeUndefined();
  expect(moveInTable('ArrowDown', { row: 0, column: 0 }, 0, 7)).toBeUndefined();
});
