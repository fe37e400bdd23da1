// Whether a device's subgroup matrices can be trusted. They are an experiment, in browsers and in drivers: so before any is used, each
// size multiplies whole numbers, which f16 holds as they are, and every sum has to be the right one.

import type { Device } from './device.ts';
import { GpuFaultError } from './device.ts';
import { Graph } from './graph.ts';
import { product } from './kernels/product.ts';
import { PRODUCT_VARIANTS, type ProductShape } from './kernels/product-variants.ts';
import { planMemory } from './plan.ts';
import { Program } from './program.ts';
import type { MatrixSize, Traits } from './traits.ts';
import { factorWeight } from './weight.ts';

/** More than a tile in every direction, and none that ends with it. */
const SHAPE: ProductShape = { side: 'rows', results: 72, summed: 40, tokens: 68 };

/** Those of the device's matrices that a variant of the product uses and that multiply rightly. */
export async function trustedMatrices(device: Device): Promise<MatrixSize[]> {
  const trusted: MatrixSize[] = [];
  for (const size of device.traits.matrices) {
    const traits = { ...device.traits, matrices: [size] };
    const variant = PRODUCT_VARIANTS.find((v) => v.usesMatrices && v.canRun(traits, SHAPE));
    if (variant && (await multiplies(device, { ...traits, products: { asked: [variant.name] } }))) trusted.push(size);
  }
  return trusted;
}

/** False for a shader that does not compile, too: its language may be another by now. */
async function multiplies(device: Device, traits: Traits): Promise<boolean> {
  const { side, results, summed, tokens } = SHAPE;
  const g = new Graph(traits);
  const w = g.input('w', [results, summed]);
  const x = g.input('x', [summed, tokens]);
  const y = g.output('y', [results, tokens]);
  g.push(product({ label: 'y', weight: factorWeight(w), side, x, y, epilogue: 'store', scale: 1 }, g));
  let program: Program | undefined;
  try {
    program = await Program.compile(device, planMemory(g, traits), new Map());
    const [wv, xv] = [wholeNumbers(results * summed, 5), wholeNumbers(summed * tokens, 7)];
    program.write(w, wv);
    program.write(x, xv);
    await program.run();
    const [made] = await program.read(y);
    return made!.every((v, i) => v === sum(wv, xv, Math.floor(i / tokens), i % tokens));
  } catch (error) {
    if (error instanceof GpuFaultError) throw error;
    return false;
  } finally {
    program?.destroy();
  }
}

function sum(w: Float32Array, x: Float32Array, row: number, t: number): number {
  let y = 0;
  for (let i = 0; i < SHAPE.summed; i++) y += w[row * SHAPE.summed + i]! * x[i * SHAPE.tokens + t]!;
  return y;
}

/** -8 to 8, in an order that no stride of the product repeats. */
function wholeNumbers(length: number, step: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * step + ((i * i) >> 3)) % 17) - 8);
}
