// Subgroup matrices on a device that has none: rewrites a shader that uses them into plain WGSL, so that everything else in it, its index
// arithmetic, barriers, edges and epilogues, really runs. A loaded matrix is the place where it lies, read when it is multiplied; the
// elements of a sum are dealt out to the invocations of a subgroup, so that a call which some of them miss loses elements. Subgroups
// may have any size, because nothing of a real one is used. Whatever of subgroups is left after the rewriting is an error.

import { Device } from '../device.ts';
import type { MatrixSize } from '../traits.ts';
import { openGpu } from './open-device.ts';

export interface Emulated {
  /** Invocations of a subgroup. */
  readonly size: number;
  /** The largest that the device claims to have. */
  readonly maxSize?: number;
  readonly matrices: readonly MatrixSize[];
  /** Changes the shader first: for controls. */
  readonly disturb?: (code: string) => string;
}

/** The test device, opened once more and with matrices. To be destroyed. */
export async function openWithMatrices({ size, maxSize = size, matrices, disturb }: Emulated): Promise<Device> {
  const device = await Device.open(openGpu());
  device.traits = { ...device.traits, kind: 'gpu', subgroupMaxSize: maxSize, matrices };
  const make = device.gpu.createShaderModule.bind(device.gpu);
  device.gpu.createShaderModule = (descriptor) => {
    const code = disturb?.(descriptor.code) ?? descriptor.code;
    return make({ ...descriptor, code: usesMatrices(code) ? emulateMatrices(code, size) : code });
  };
  return device;
}

const EXTENSION = 'enable chromium_experimental_subgroup_matrix;';
const usesMatrices = (code: string) => code.includes(EXTENSION);

/** A type of matrices. What it says of sizes and memory are expressions of WGSL. */
interface Matrix {
  readonly name: string;
  readonly component: string;
  readonly columns: string;
  readonly rows: string;
  /** Where matrices of this type lie, row by row or column by column: the same for all of them. */
  tile?: { readonly name: string; readonly length: string; readonly major: string };
}

/** Lines keep their numbers. */
export function emulateMatrices(code: string, size: number): string {
  const matrices = new Map<string, Matrix>();
  for (const [, name, kind, component, columns, rows] of code.matchAll(
    /alias (\w+) = subgroup_matrix_(\w+)<(\w+), (\w+), (\w+)>;/g,
  ))
    matrices.set(kind!, { name: name!, component: component!, columns: columns!, rows: rows! });
  const [left, right, result] = ['left', 'right', 'result'].map((kind) => matrices.get(kind));
  const index = /@builtin\(local_invocation_index\) (\w+)/.exec(code)?.[1];
  const buffer = /var<storage, \w+> (\w+): array/.exec(code)?.[1];
  if (!left || !right || !result || !index || !buffer)
    throw new Error('Cannot emulate matrices: found no product, or neither index nor buffer');
  const lies = (matrix: Matrix, major: string, name: string) => {
    const length = new RegExp(`var<workgroup> ${name}: array<\\w+, ([^>]+)>;`).exec(code)?.[1];
    if (length === undefined || (matrix.tile && (matrix.tile.name !== name || matrix.tile.major !== major)))
      throw new Error(`Cannot emulate matrices: found those of ${matrix.name} in ${name} and elsewhere`);
    matrix.tile = { name, length, major };
  };
  const body = code
    .replace(EXTENSION, '')
    .replace('enable subgroups;', '')
    .replace(/alias (\w+) = subgroup_matrix_(?:left|right)<.*/g, 'struct $1 { offset: u32, stride: u32 }')
    .replace(
      /alias (\w+) = subgroup_matrix_result<(\w+), (\w+), (\w+)>;/,
      `struct $1 { v: array<$2, ($3 * $4 + ${size - 1}u) / ${size}u> }`,
    )
    .replace(/@builtin\(subgroup_id\) \w+: u32,?/, '')
    .replace(
      /\n@compute [^{]*\{/,
      `$& let subgroup = ${index} / ${size}u; lane = ${index} % ${size}u; none = select(0u, 1u, arrayLength(&${buffer}) == 0u);`,
    )
    .replace(/subgroupMatrixLoad<(\w+), (row|col)_major>\(&(\w+), /g, (_, type, major, tile) => {
      lies(type === left.name ? left : right, major, tile);
      return `${type}(`;
    })
    .replace(/subgroupMatrixStore<(row|col)_major>\(&(\w+), /g, (_, major, tile) => {
      lies(result, major, tile);
      return 'store_sum(';
    })
    .replaceAll('subgroupMatrixMultiplyAccumulate(', 'add_product(');
  const unknown = /subgroup(_\w+|[A-Z]\w+)|num_subgroups/.exec(body.replace(/\/\/[^\n]*/g, ''));
  if (unknown !== null) throw new Error(`Cannot emulate matrices: found ${unknown[0]}, which is not known here`);
  return [
    body,
    reader('left', left),
    reader('right', right),
    adder(left, right, result, size),
    storer(result, size),
  ].join('\n');
}

/** What lies outside the array, or would overlap by so small a stride, becomes a number that no test expects. */
function reader(name: string, { name: type, columns, rows, component, tile }: Matrix): string {
  return `
fn ${name}_at(m: ${type}, r: u32, c: u32) -> f32 {
  let at = m.offset + ${tile!.major === 'row' ? 'm.stride * r + c' : 'm.stride * c + r'};
  let is_there = at < ${tile!.length} && m.stride >= ${tile!.major === 'row' ? columns : rows};
  return f32(select(${component}(60000.0), ${tile!.name}[min(at, ${tile!.length} - 1u)], is_there));
}`;
}

/** `none` is 0, which a compiler does not know: drivers on a CPU would write all loops out, and take minutes for it. */
function adder(left: Matrix, right: Matrix, { name: sum, columns, rows }: Matrix, size: number): string {
  return `
var<private> lane: u32;
var<private> none: u32;
fn add_product(left: ${left.name}, right: ${right.name}, before: ${sum}) -> ${sum} {
  var sum = before;
  for (var e = lane; e < ${columns} * ${rows} + none; e += ${size}u) {
    for (var k = 0u; k < ${left.columns} + none; k++) {
      sum.v[e / ${size}u] += left_at(left, e / ${columns}, k) * right_at(right, k, e % ${columns});
    }
  }
  return sum;
}`;
}

function storer({ name, columns, rows, tile }: Matrix, size: number): string {
  return `
fn store_sum(offset: u32, sum: ${name}, stride: u32) {
  var share = sum;
  for (var e = lane; e < ${columns} * ${rows} + none; e += ${size}u) {
    let r = e / ${columns};
    let c = e % ${columns};
    ${tile!.name}[offset + ${tile!.major === 'row' ? 'stride * r + c' : 'stride * c + r'}] = share.v[e / ${size}u];
  }
}`;
}
