// The largest singular values of one of the base's matrices, by a randomised range finder (Halko, Martinsson and Tropp,
// "Finding structure with randomness", 2011, algorithms 4.4 and 5.1). Products with W and Wᵀ run on the GPU over the weights as
// they lie there; what is small is done here, in f64.
//
//   Ω (C,k) random;  Q = orth(W·Ω);  a few times Q = orth(W·orth(Wᵀ·Q));  W ≈ Q·(QᵀW), whose SVD is small

import { Graph, type Value } from '../../gpu/graph.ts';
import { matmul } from '../../gpu/kernels/matmul.ts';
import { matmulBackward } from '../../gpu/kernels/matmul-backward.ts';
import { planMemory } from '../../gpu/plan.ts';
import { Program } from '../../gpu/program.ts';
import { frozenWeight, type Weight } from '../../gpu/weight.ts';
import { type Matrix, matrix } from '../../lora/algebra/matrix.ts';
import { qr } from '../../lora/algebra/qr.ts';
import { svd } from '../../lora/algebra/svd.ts';
import { philox4x32, toUnit } from '../../lora/philox.ts';
import type { BaseModel } from '../../model/base-model.ts';

export interface BaseSpectrum {
  readonly path: string;
  readonly outFeatures: number;
  readonly inFeatures: number;
  /** The largest ones, largest first; all of them when the matrix is small. */
  readonly singularValues: readonly number[];
  /** True: these are all there are. */
  readonly isWhole: boolean;
}

/** Columns beyond those that are asked for: what is found of these is nearly exact. */
const OVERSAMPLE = 16;
/** Each brings the values closer; spectra of trained matrices fall slowly. */
const POWER_ITERATIONS = 4;

/** Throws a RangeError for a path that is no linear of the base. */
export async function baseSpectrum(model: BaseModel, path: string, count = 64): Promise<BaseSpectrum> {
  const size = model.linears().get(path);
  if (size === undefined) throw new RangeError(`Cannot look into "${path}": need a linear of "${model.folder.name}"`);
  const [outFeatures, inFeatures] = size;
  const least = Math.min(outFeatures, inFeatures);
  const k = Math.min(least, count + OVERSAMPLE);
  const products = await MatrixProducts.create(model, path, outFeatures, inFeatures, k);
  try {
    let q = qr(await products.forward(normal(inFeatures, k))).q;
    for (let i = 0; i < POWER_ITERATIONS; i++) q = qr(await products.forward(qr(await products.backward(q)).q)).q;
    // WᵀQ (in,k): its singular values are those of QᵀW.
    const { s } = svd(await products.backward(q));
    const kept = [...s.subarray(0, Math.min(count, least))];
    return { path, outFeatures, inFeatures, singularValues: kept, isWhole: kept.length === least };
  } finally {
    products.destroy();
  }
}

/** W·X and Wᵀ·Y on the device, X and Y of up to k columns. */
class MatrixProducts {
  private constructor(
    private readonly programs: readonly { readonly program: Program; readonly input: Value; readonly output: Value }[],
    private readonly columns: number,
  ) {}

  static async create(
    model: BaseModel,
    path: string,
    outFeatures: number,
    inFeatures: number,
    k: number,
  ): Promise<MatrixProducts> {
    const columns = 4 * Math.ceil(k / 4);
    const compile = async (side: 'forward' | 'backward') => {
      const g = new Graph(model.device.traits);
      const weight = weightOf(g, model, path, outFeatures, inFeatures);
      const input = g.input('x', [side === 'forward' ? inFeatures : outFeatures, columns]);
      const output = g.keep(side === 'forward' ? matmul(g, weight, input) : matmulBackward(g, weight, input));
      const shared = model.weights.bind(g, new Map());
      return {
        program: await Program.compile(model.device, planMemory(g, model.device.traits), shared),
        input,
        output,
      };
    };
    const forward = await compile('forward');
    return new MatrixProducts([forward, await compile('backward')], columns);
  }

  forward(x: Matrix): Promise<Matrix> {
    return this.run(0, x);
  }

  backward(y: Matrix): Promise<Matrix> {
    return this.run(1, y);
  }

  destroy(): void {
    for (const { program } of this.programs) program.destroy();
  }

  private async run(which: 0 | 1, x: Matrix): Promise<Matrix> {
    const { program, input, output } = this.programs[which]!;
    const padded = new Float32Array(x.rows * this.columns);
    for (let i = 0; i < x.rows; i++) padded.set(x.data.subarray(i * x.columns, (i + 1) * x.columns), i * this.columns);
    program.write(input, padded);
    await program.run();
    const [values] = await program.read(output);
    const rows = output.shape[0]!;
    const out = matrix(rows, x.columns);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < x.columns; j++) out.data[i * x.columns + j] = values![i * this.columns + j]!;
    return out;
  }
}

function weightOf(g: Graph, model: BaseModel, path: string, rows: number, columns: number): Weight {
  const spec = model.parts.tensors.find(({ name }) => name === `${path}.weight`)!;
  return frozenWeight(g, spec.name, model.weights.storageOf(spec), rows, columns);
}

/** Independent normal numbers, the same in every run. */
function normal(rows: number, columns: number): Matrix {
  const out = matrix(rows, columns);
  for (let i = 0; i < out.data.length; i += 2) {
    const [a, b] = philox4x32([i, 0, 0, 0], [0x5eed, 0xba5e]);
    const radius = Math.sqrt(-2 * Math.log(toUnit(a)));
    out.data[i] = radius * Math.cos(2 * Math.PI * toUnit(b));
    if (i + 1 < out.data.length) out.data[i + 1] = radius * Math.sin(2 * Math.PI * toUnit(b));
  }
  return out;
}
