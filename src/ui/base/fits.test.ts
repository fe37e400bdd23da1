import { expect, it } from 'vitest';
import { fits, gpuBytes } from './fits.ts';

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
const limits = { maxBufferBytes: 1_000_000, maxBindingBytes: 640_000, maxWorkgroupBytes: 1 };

it('a model fits as long as its largest matrix does, in the scheme chosen', () => {
  expect(fits(model, 'q8', limits)).toEqual({ isFitting: true, needBytes: 640_000, haveBytes: 640_000 });
  expect(fits(model, 'f32', limits)?.isFitting).toBe(false);
  expect(fits(model, 'q8', { ...limits, maxBufferBytes: 639_999 })?.isFitting).toBe(false);
  expect(fits(model, 'q8', undefined)).toBeUndefined();
  expect(fits(model, 'auto', { ...limits, maxBufferBytes: 320_000 })?.isFitting).toBe(true);
});

it('weights in blocks take 34 bytes for 32 numbers', () => {
  expect(gpuBytes(model, 'q8')).toBe(1_062_500);
  expect(gpuBytes(model, 'f32')).toBe(4_000_000);
  expect(gpuBytes(model, 'auto')).toBe(1_062_500);
});

it('4-bit weights leave embedding and head in 8 bits', () => {
  expect(gpuBytes(model, 'nf4')).toBe(360_000 * 0.5625 + 680_000);
});
