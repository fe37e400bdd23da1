import { expect, it } from 'vitest';
import { gpuBytes } from './gpu-bytes.ts';

const model = {
  id: 'org/name',
  parameters: 1_000_000,
  vocabulary: 1000,
  hidden: 640,
  downloadBytes: 2_000_000,
  licence: 'mit',
  isGated: false,
  isOpenable: true,
};
it('weights in blocks take 34 bytes for 32 numbers', () => {
  expect(gpuBytes(model, 'q8')).toBe(1_062_500);
  expect(gpuBytes(model, 'f32')).toBe(4_000_000);
  expect(gpuBytes(model, 'auto')).toBe(1_062_500);
});

it('4-bit weights leave embedding and head in 8 bits', () => {
  expect(gpuBytes(model, 'nf4')).toBe(360_000 * 0.5625 + 680_000);
});
