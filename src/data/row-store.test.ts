import { expect, test } from 'vitest';
import fc from '../testing/fast-check.ts';
import { EditLog } from './edit-log.ts';
import { RowStore } from './row-store.ts';
import { rowOf } from './testing/data-files.ts';

test('RowStore gives back any row of JSON as it was, names like "__proto__" and half characters included', () => {
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '\ud800'));
  fc.assert(
    fc.property(fc.array(fc.array(fc.tuple(name, json), { maxLength: 5 }), { maxLength: 20 }), (rows) => {
      const store = new RowStore();
      const given = rows.map((fields, i) => ({ file: i < 3 ? 'a' : 'b', line: i + 1, fields: new Map(fields) }));
      for (const row of given) store.append(row);
      expect(given.map((_, i) => store.row(i))).toEqual(given);
    }),
  );
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('RowStore takes rows larger than a block, and small ones after them', () => {
  const store = new RowStore();
  const long = 'é'.repeat(5_000_000);
  for (const text of ['a', long, 'b']) store.append(rowOf({ text }));
  expect([0, 1, 2].map((i) => store.row(i).fields.get('text'))).toEqual(['a', long, 'b']);
  expect(store.byteLength).toBeLessThan(20_000_000);
});

test('RowStore survives a value that nests deeper than the stack', () => {
  let deep: unknown = [];
  for (let i = 0; i < 50_000; i++) deep = [deep];
  const store = new RowStore();
  store.append(rowOf({ prompt: 'x', completion: deep }));
  expect(store.row(0).fields.get('prompt')).toBe('x');
});

test('EditLog takes back each step, and makes it again', () => {
  const store = new RowStore();
  for (const text of ['a', 'b', 'c']) store.append(rowOf({ text }));
  const log = new EditLog(store);
  const shown = () => [0, 1, 2].map((i) => (store.isDeleted(i) ? '-' : store.row(i).fields.get('text'))).join('');
  log.apply('edit', [[1, store.write(new Map([['text', 'B']]))]]);
  log.apply(
    'delete',
    [0, 2].map((i) => [i, { ...store.version(i), isDeleted: true }] as const),
  );
  expect(shown()).toBe('-B-');
  expect(log.undo()).toEqual([2, 0]);
  expect(shown()).toBe('aBc');
  expect(log.canRedo).toBe('delete');
  log.undo();
  expect(shown()).toBe('abc');
  expect(log.undo()).toEqual([]);
  log.redo();
  log.redo();
  expect(shown()).toBe('-B-');
  log.undo();
  log.apply('edit again', [[2, store.write(new Map([['text', 'C']]))]]);
  expect(log.canRedo).toBeUndefined();
  expect(shown()).toBe('aBC');
  expect([0, 1, 2].filter((index) => log.isEdited(index))).toEqual([1, 2]);
});
