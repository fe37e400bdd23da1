// How far an adapter moves the base's parameters where its own files do not say it: under DoRA, which sets the length of every row
// anew, and where parameters are trained in full. Against the base as it lies on the device; only what is small comes back.
//
//   DoRA, row o:   ΔW = m/n·(W + D) − W = (c − 1)·W + c·D,   D = s·B·A,  n = ‖W + D‖,  c = m/n
//                  ‖ΔW‖² = (c − 1)²·‖W‖² + 2c(c − 1)·W·D + c²·‖D‖²,   W·D = s·Σₖ B[o,k]·(W·Aᵀ)[o,k]

import { Graph } from '../../gpu/graph.ts';
import { doraNorm } from '../../gpu/kernels/dora.ts';
import { embedding } from '../../gpu/kernels/embedding.ts';
import { matmul } from '../../gpu/kernels/matmul.ts';
import { planMemory } from '../../gpu/plan.ts';
import { Program } from '../../gpu/program.ts';
import { factorWeight, frozenWeight, type Weight } from '../../gpu/weight.ts';
import type { Adapter, AdapterModule } from '../../lora/adapter.ts';
import { moduleDelta } from '../../lora/delta.ts';
import type { BaseModel } from '../../model/base-model.ts';

/** Frobenius norms of a parameter that is trained in full, and of what training has changed of it. */
export interface PartChange {
  /** "lm_head.weight", or the path of an embedding of which some rows are trained. */
  readonly name: string;
  readonly elements: number;
  readonly change: number;
  /** Of the base's own numbers in their place. */
  readonly baseNorm: number;
}

export interface MeasuredChange {
  /** ‖ΔW‖ of the modules with DoRA. */
  readonly modules: ReadonlyMap<string, number>;
  readonly parts: readonly PartChange[];
}

/** Rows that are read from the device at once. */
const ROWS_AT_ONCE = 64;

export async function measureChange(model: BaseModel, adapter: Adapter): Promise<MeasuredChange> {
  const modules = new Map<string, number>();
  for (const [path, module] of adapter.modules)
    if (module.magnitude !== undefined) modules.set(path, await doraChange(model, path, module));
  const parts: PartChange[] = [];
  for (const [name, { shape, values }] of adapter.saved ?? [])
    parts.push(await partChange(model, name, [...Array(shape.length > 1 ? shape[0]! : 1).keys()], values));
  for (const [path, { ids, rows }] of adapter.tokens ?? [])
    parts.push(await partChange(model, `${path}.weight`, ids, rows));
  return { modules, parts };
}

async function doraChange(model: BaseModel, path: string, module: AdapterModule): Promise<number> {
  const { a, b, r, scaling, inFeatures: C, outFeatures: O, magnitude } = module;
  const T = 4 * Math.ceil(r / 4);
  const g = new Graph(model.device.traits);
  const weight = model.weightOf(g, path);
  const zeros = [g.input('zero a', [1, C]), g.input('zero b', [O, 1])] as const;
  const at = g.input('Aᵀ', [C, T]);
  const lengths = doraNorm(g, weight, zeros[0], zeros[1], 0, g.output('‖W‖', [O]));
  const products = g.keep(matmul(g, weight, at));
  const program = await Program.compile(
    model.device,
    planMemory(g, model.device.traits),
    model.weights.bind(g, new Map()),
  );
  try {
    for (const zero of zeros) program.write(zero, new Float32Array(zero.shape[0]! * zero.shape[1]!));
    const columns = new Float32Array(C * T);
    for (let k = 0; k < r; k++) for (let c = 0; c < C; c++) columns[c * T + k] = a[k * C + c]!;
    program.write(at, columns);
    await program.run();
    const [norms, wa] = await program.read(lengths, products);
    let squares = 0;
    for (let o = 0; o < O; o++) {
      const w = norms![o]! ** 2;
      const d = moduleDelta(module, o, o + 1).reduce((sum, value) => sum + value * value, 0);
      let wd = 0;
      for (let k = 0; k < r; k++) wd += scaling * b[o * r + k]! * wa![o * T + k]!;
      const c = magnitude![o]! / Math.sqrt(w + 2 * wd + d);
      squares += Math.max(0, (c - 1) ** 2 * w + 2 * c * (c - 1) * wd + c * c * d);
    }
    return Math.sqrt(squares);
  } finally {
    program.destroy();
  }
}

/** @param rows which of the parameter's rows `values` stand for; a vector is one row. */
async function partChange(
  model: BaseModel,
  name: string,
  rows: readonly number[],
  values: Float32Array,
): Promise<PartChange> {
  const { head, tensors } = model.parts;
  const spec = tensors.find(
    (tensor) => tensor.name === (name === `${head.path}.weight` ? `${head.matrix}.weight` : name),
  );
  if (spec === undefined) throw new RangeError(`Cannot look into "${name}": the base has no such parameter`);
  const g = new Graph(model.device.traits);
  const C = spec.shape.at(-1)!;
  const ids = g.input('rows', [ROWS_AT_ONCE], 'u32');
  const found = g.keep(embedding(g, tableOf(g, model, spec.name, spec.shape), ids));
  const program = await Program.compile(
    model.device,
    planMemory(g, model.device.traits),
    model.weights.bind(g, new Map()),
  );
  try {
    let [changed, own] = [0, 0];
    for (let first = 0; first < rows.length; first += ROWS_AT_ONCE) {
      const some = rows.slice(first, first + ROWS_AT_ONCE);
      program.write(
        ids,
        Uint32Array.from({ length: ROWS_AT_ONCE }, (_, i) => some[i] ?? 0),
      );
      await program.run();
      const [columns] = await program.read(found);
      for (let i = 0; i < some.length; i++)
        for (let c = 0; c < C; c++) {
          // The device has it with its offset, an adapter as its file has it.
          const base = columns![c * ROWS_AT_ONCE + i]! - (spec.offset ?? 0);
          changed += (values[(first + i) * C + c]! - base) ** 2;
          own += base * base;
        }
    }
    return { name, elements: values.length, change: Math.sqrt(changed), baseNorm: Math.sqrt(own) };
  } finally {
    program.destroy();
  }
}

/** A matrix, or a vector as a table of one row. */
function tableOf(g: Graph, model: BaseModel, name: string, shape: readonly number[]): Weight {
  const spec = model.parts.tensors.find((tensor) => tensor.name === name)!;
  if (shape.length < 2) return factorWeight(g.frozen(name, [1, shape[0]!]));
  return frozenWeight(g, name, model.weights.storageOf(spec), shape[0]!, shape[1]!);
}
