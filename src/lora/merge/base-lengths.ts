// Lengths of the rows of a base's linears, ‖W‖: what DoRA's magnitudes begin with. In f64, from the file's own numbers.

import type { ModelParts } from '../../model/model-parts.ts';
import { readParameter } from '../../model/read-parameter.ts';
import type { TensorInfo } from '../../model/safetensors.ts';
import type { Adapter } from '../adapter.ts';

/** Of the linears that DoRA sits on in any of the adapters, by path; paths that the base does not have are left out. */
export async function baseLengths(
  adapters: readonly Adapter[],
  { tensors, parts }: { readonly tensors: ReadonlyMap<string, TensorInfo>; readonly parts: ModelParts },
): Promise<Map<string, Float32Array>> {
  const paths = new Set(
    adapters.flatMap(({ modules }) => [...modules].flatMap(([path, m]) => (m.magnitude ? path : []))),
  );
  const lengths = new Map<string, Float32Array>();
  for (const path of paths) {
    const matrix = path === parts.head.path ? parts.head.matrix : path;
    const spec = parts.tensors.find(({ name }) => name === `${matrix}.weight`);
    if (spec === undefined) continue;
    const values = await readParameter(tensors, spec);
    const [rows, columns] = [spec.shape[0]!, spec.shape[1]!];
    const of = (row: number) => {
      let sum = 0;
      for (let i = row * columns; i < (row + 1) * columns; i++) sum += values[i]! ** 2;
      return Math.sqrt(sum);
    };
    lengths.set(
      path,
      Float32Array.from({ length: rows }, (_, row) => of(row)),
    );
  }
  return lengths;
}
