// ‖W‖ (Frobenius) of the base's linears as they lie on the device, by the kernel that measures DoRA's rows, with nothing
// added to them.

import { Graph, type Value } from '../../gpu/graph.ts';
import { doraNorm } from '../../gpu/kernels/dora.ts';
import { planMemory } from '../../gpu/plan.ts';
import { Program } from '../../gpu/program.ts';
import { frozenWeight } from '../../gpu/weight.ts';
import type { BaseModel } from '../../model/base-model.ts';

/** By module path, for those of `paths` that are linears of the blocks. */
export async function baseNorms(model: BaseModel, paths: Iterable<string>): Promise<Map<string, number>> {
  const g = new Graph(model.device.traits);
  const zeros = new Map<string, Value>();
  const zero = (rows: number, columns: number) => {
    const name = `zeros ${rows}×${columns}`;
    if (!zeros.has(name)) zeros.set(name, g.input(name, [rows, columns]));
    return zeros.get(name)!;
  };
  const rows = new Map<string, Value>();
  for (const path of paths) {
    const size = model.linears().get(path);
    const spec = model.parts.tensors.find(({ name }) => name === `${path}.weight`);
    if (size === undefined || spec === undefined) continue;
    const [O, C] = size;
    const weight = frozenWeight(g, spec.name, model.weights.storageOf(spec), O, C);
    rows.set(path, doraNorm(g, weight, zero(1, C), zero(O, 1), 0, g.output(`norms ${path}`, [O])));
  }
  const shared = model.weights.bind(g, new Map());
  const program = await Program.compile(model.device, planMemory(g, model.device.traits), shared);
  try {
    for (const value of zeros.values()) program.write(value, new Float32Array(value.shape[0]! * value.shape[1]!));
    await program.run();
    const norms = await program.read(...rows.values());
    return new Map([...rows.keys()].map((path, i) => [path, Math.sqrt(norms[i]!.reduce((sum, n) => sum + n * n, 0))]));
  } finally {
    program.destroy();
  }
}
