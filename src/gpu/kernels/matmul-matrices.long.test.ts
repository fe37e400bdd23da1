// Two sizes of matrices with every storage, side, epilogue and low-rank branch, with the matrices emulated: a driver on a CPU compiles
// for minutes.

import { expect, it } from 'vitest';
import { openWithMatrices } from '../testing/emulate-matrices.ts';
import { checkMatrixProduct, EPILOGUES, SIDES } from '../testing/product-case.ts';
import { STORAGES } from '../testing/weights.ts';

it.each([
  { component: 'f32', M: 16, N: 16, K: 16 },
  { component: 'f16', M: 32, N: 8, K: 16 },
] as const)(
  'matmul-matrices matches its twins with $component $M x $N x $K',
  async (matrix) => {
    const device = await openWithMatrices({ size: 32, matrices: [matrix] });
    if (matrix.component === 'f16') expect(device.traits.hasF16).toBe(true);
    for (const side of SIDES) {
      for (const storage of STORAGES) await checkMatrixProduct(device, { side, storage, O: 65, C: 33, T: 12 });
      for (const epilogue of EPILOGUES)
        for (const R of [0, 8])
          await checkMatrixProduct(device, { side, storage: 'q8', O: 37, C: 76, T: 68, R, epilogue });
    }
    device.destroy();
  },
  1_800_000,
);
