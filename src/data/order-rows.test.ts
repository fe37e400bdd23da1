import { expect, test } from 'vitest';
import { orderRows } from './order-rows.ts';

test('orderRows() is a permutation, the same for the same seed and epoch, another for others', () => {
  const order = orderRows(100, { shuffle: true, seed: 7, epoch: 3 });
  expect([...order].sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
  expect(orderRows(100, { shuffle: true, seed: 7, epoch: 3 })).toEqual(order);
  expect(orderRows(100, { shuffle: true, seed: 7, epoch: 4 })).not.toEqual(order);
  expect(orderRows(100, { shuffle: true, seed: 8, epoch: 3 })).not.toEqual(order);
  expect(orderRows(100, { shuffle: true, seed: 3, epoch: 7 })).not.toEqual(order);
});

test('orderRows() keeps the order of the file when it is not to shuffle', () => {
  expect([...orderRows(4, { shuffle: false, seed: 7, epoch: 3 })]).toEqual([0, 1, 2, 3]);
});

test('orderRows() stays what it was: a resumed run of an older version sees the same rows', () => {
  expect([...orderRows(8, { shuffle: true, seed: 0, epoch: 0 })]).toEqual([7, 3, 1, 0, 5, 6, 2, 4]);
});

test('orderRows() puts every row in every place about equally often', () => {
  const counts = Array.from({ length: 5 }, () => [0, 0, 0, 0, 0]);
  const epochs = 5000;
  for (let epoch = 0; epoch < epochs; epoch++)
    orderRows(5, { shuffle: true, seed: 1, epoch }).forEach((row, index) => {
      counts[row]![index]! += 1;
    });
  // Expected 1000 each, standard deviation 28; 5 of them leave one false alarm in 70,000 runs of other seeds.
  for (const count of counts.flat()) expect(Math.abs(count - epochs / 5)).toBeLessThan(140);
});
