// The product by subgroup matrices. matmul.test.ts runs it on a device that has them; here it runs with the matrices emulated,
// everywhere, and what a device would be given is compiled by Dawn's backend that runs nothing.

import { afterAll, describe, expect, it } from 'vitest';
import { create } from 'webgpu';
import { trustedMatrices } from '../check-matrices.ts';
import { Device, MATRICES } from '../device.ts';
import { loadShader } from '../shader.ts';
import { type Emulated, emulateMatrices, openWithMatrices } from '../testing/emulate-matrices.ts';
import { checkMatrixProduct, EPILOGUES, type ProductCase, SIDES } from '../testing/product-case.ts';
import { TIMEOUT } from '../testing/variants.ts';
import { STORAGES } from '../testing/weights.ts';
import { BASE_TRAITS, type MatrixSize, type Traits } from '../traits.ts';
import { type TuningStore, tune } from '../tuning.ts';
import { PRODUCT_VARIANTS } from './product-variants.ts';

const size = (component: MatrixSize['component'], M: number, N: number, K: number): MatrixSize => ({
  component,
  ...{ M, N, K },
});
const METAL = size('f32', 8, 8, 8);
const NVIDIA = size('f16', 16, 16, 16);
const INTEL = size('f16', 8, 16, 16);

const opened: Device[] = [];
afterAll(() => {
  for (const device of opened) device.destroy();
});
async function open(emulated: Emulated): Promise<Device> {
  const device = await openWithMatrices(emulated);
  opened.push(device);
  return device;
}

/** Without a low-rank branch, and with one that ends within a step and one that does not; a driver on a CPU compiles each in a second or two. */
const PLAIN: readonly ProductCase[] = SIDES.flatMap((side) => [
  { side, O: 1, C: 5, T: 4 },
  { side, O: 65, C: 33, T: 12 },
  { side, O: 129, C: 69, T: 68 },
]);
/** Of three linears side by side that end within a tile, the second of which has no branch. */
const GROUP: ProductCase = {
  ...{ side: 'rows', storage: 'q8', O: 129, C: 68, T: 36, R: 20 },
  spans: [
    [0, 37],
    [66, 129],
  ],
};
const lowRank = (side: ProductCase['side']): readonly ProductCase[] =>
  [
    { side, O: 1, C: 4, T: 4, R: 4 },
    { side, O: 37, C: 44, T: 36, R: 20 },
    { side, O: 129, C: 68, T: 68, R: 8 },
  ].map((shape) => ({ ...shape, storage: 'q8', epilogue: 'bias-addend' }));

describe('matmul-matrices with matrices emulated', () => {
  it.each([
    ['f32 8x8x8 by subgroups of 32', { size: 32, matrices: [METAL] }, [...PLAIN, ...SIDES.flatMap(lowRank), GROUP]],
    ['f32 8x8x8 by subgroups of 64', { size: 64, matrices: [METAL] }, lowRank('columns')],
    [
      'f32 16x8x4 by subgroups of 8 of at most 16',
      { size: 8, maxSize: 16, matrices: [size('f32', 16, 8, 4)] },
      [...lowRank('rows'), GROUP],
    ],
    ['f16 8x8x8 by subgroups of 32', { size: 32, matrices: [size('f16', 8, 8, 8)] }, lowRank('columns')],
    ['f16 16x16x16 by subgroups of 32', { size: 32, matrices: [NVIDIA] }, lowRank('rows')],
    ['f16 8x16x16 by subgroups of 16 of at most 32', { size: 16, maxSize: 32, matrices: [INTEL] }, lowRank('columns')],
  ] satisfies [string, Emulated, readonly ProductCase[]][])(
    'matches its twin with %s',
    async (name, emulated, shapes) => {
      const device = await open(emulated);
      if (name.startsWith('f16') && !device.traits.hasF16) {
        console.warn(`SKIPPED matrices of ${name}: this device has no f16`);
        return;
      }
      for (const shape of shapes) await checkMatrixProduct(device, shape);
    },
    TIMEOUT,
  );

  it.each([
    ['a row read as a column', (code: string) => code.replace('<Right, row_major>', '<Right, col_major>')],
    ['a stride that is too long', (code: string) => code.replace('+ i, W_STRIDE)', '+ i, W_STRIDE + 1u)')],
    ['a subgroup too few', (code: string) => code.replace('if (subgroup < 4u)', 'if (subgroup < 3u)')],
  ])(
    'does not match with %s, which is noticed before it is used',
    async (_, disturb) => {
      const device = await open({ size: 32, matrices: [METAL], disturb });
      const shape = { side: 'rows', O: 129, C: 68, T: 68 } as const;
      await expect(checkMatrixProduct(device, shape)).rejects.toThrow(/worst relative difference/);
      const store: TuningStore = { load: async () => undefined, save: async () => {} };
      await tune(device, store, { asked: ['matrices-64x64'] });
      expect(device.traits.matrices).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'is used with the sizes that multiply whole numbers rightly',
    async () => {
      const odd = size('f32', 6, 8, 8); // no variant has a place for it
      const device = await open({ size: 32, matrices: [odd, METAL] });
      expect(await trustedMatrices(device)).toEqual([METAL]);
      const disturb = (code: string) => code.replace('subgroupMatrixLoad', 'load'); // another language
      expect(await trustedMatrices(await open({ size: 32, matrices: [METAL], disturb }))).toEqual([]);
    },
    TIMEOUT,
  );

  it('refuses to emulate what it does not know', () => {
    const parts = { side: 'weight-rows', weight: 'weight-f32', component: 'component-f32' };
    const all = { ...parts, 'low-rank': 'low-rank-none', epilogue: 'epilogue-store' };
    const { code } = loadShader({ file: 'matmul-matrices', parts: all });
    expect(emulateMatrices(code, 32)).toContain('fn add_product');
    expect(() => emulateMatrices(code.replace('select(', 'subgroupAdd('), 32)).toThrow('found subgroupAdd');
    const other = code.replace('<Right, row_major>(&x_tile', '<Left, row_major>(&x_tile');
    expect(() => emulateMatrices(other, 32)).toThrow('found those of Left in x_tile and elsewhere');
  });
});

// Kept: Dawn aborts the process when it is collected.
const nothing = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']) as unknown as GPU;

it(
  'matmul-matrices compiles with every storage, side, epilogue and low-rank branch',
  async (context) => {
    const adapter = await nothing.requestAdapter();
    if (!adapter?.features.has(MATRICES)) {
      console.warn('SKIPPED: this Dawn does not know subgroup matrices');
      return context.skip();
    }
    const device = await Device.open(nothing);
    opened.push(device);
    const weights = [...STORAGES.map((storage) => `weight-${storage}`), 'weight-f32-aligned'];
    const facts = { hasF16: true, subgroupMaxSize: 32, maxWorkgroupBytes: 32768 };
    let compiled = 0;
    for (const matrix of [METAL, NVIDIA]) {
      const traits: Traits = { ...BASE_TRAITS, ...facts, matrices: [matrix] };
      for (const side of SIDES) {
        const shape = { side, results: 64, summed: 64, tokens: 64 };
        const variant = PRODUCT_VARIANTS.find((v) => v.usesMatrices && v.canRun(traits, shape))!;
        const shader = variant.shader(traits, shape);
        // This backend has half of the workgroup memory.
        const constants = { ...shader.constants, STEP: 16 };
        for (const weight of weights)
          for (const lowRank of ['low-rank-none', `low-rank-${side}`])
            for (const epilogue of matrix === METAL ? EPILOGUES : EPILOGUES.slice(0, 1)) {
              const parts = { ...shader.parts, weight, 'low-rank': lowRank, epilogue: `epilogue-${epilogue}` };
              await device.pipeline({ file: shader.file, constants, parts });
              compiled++;
            }
      }
    }
    expect(compiled).toBe(2 * 7 * 2 * (6 + 1));
  },
  TIMEOUT,
);
