// A matrix W (O,C) as a product reads it: frozen and quantised, frozen f32, or a trainable LoRA factor.
// Shaders see it through one of the parts weight-<storage>.wgsl, all of which offer
//   fn weight4(row: u32, c4: u32) -> vec4<f32>     W[row, 4·c4 … 4·c4+3], dequantised; columns ≥ C are 0

import { FLAT_ALIGN, type Graph, type Value } from './graph.ts';
import { BASE_TRAITS, type Traits } from './traits.ts';

/**
 * How the numbers lie in memory (little-endian, row by row):
 *   f32       codes (O·C) f32
 *   q8        codes (O·⌈C/4⌉) u32, four int8 along C each; scales ⌈O·⌈C/32⌉/2⌉ u32, two f16 each, group g of row o at o·⌈C/32⌉+g
 *   int8-row  codes as q8; scales (O) f32
 *   f16       codes (O·⌈C/4⌉·2) u32, two f16 along C each
 *   nf4       codes (O·⌈C/8⌉) u32, eight indices of 4 bits along C each, the first of two in a byte's high half;
 *             scales (O·⌈C/64⌉) f32
 *   nf4-dq    codes as nf4; scales u32: a table of 256 f32, an offset f32, ⌈N/256⌉ f32 n, N bytes b, where N = O·⌈C/64⌉;
 *             scale i is table[b[i]]·n[i/256] + offset
 */
export type Storage = 'f32' | 'f16' | 'q8' | 'int8-row' | 'nf4' | 'nf4-dq';

export interface Weight {
  readonly name: string;
  readonly storage: Storage;
  /** O */
  readonly rows: number;
  /** C */
  readonly columns: number;
  /** Of the first slab where there are several. */
  readonly codes: Value;
  readonly scales: Value | undefined;
  /** A frozen matrix that no binding holds: its rows in slabs, each with memory of its own. Absent: it is one. */
  readonly slabs?: readonly Slab[];
  /** The matrix that it is rows of, from row `first` on: linears that read the same x may lie side by side. */
  readonly within?: { readonly whole: Weight; readonly first: number };
}

/** Rows of a weight from row `first` on, a weight by themselves. */
export interface Slab {
  readonly first: number;
  readonly weight: Weight;
}

/** Slabs begin at multiples of so many rows: whole bindings (256 bytes), and whole blocks of nf4-dq's scales. */
const SLAB_ROWS = 64;
const DOUBLE_SCALED_ROWS = 256;

/** Rows of each slab but the last; all of them when a binding of `limitBytes` holds the matrix. */
export function slabRows(storage: Storage, rows: number, columns: number, limitBytes: number): number {
  const rowBytes = 4 * rowWords(storage, columns);
  if (rows * rowBytes <= limitBytes) return rows;
  const unit = storage === 'nf4-dq' ? DOUBLE_SCALED_ROWS : SLAB_ROWS;
  const fits = Math.floor(limitBytes / rowBytes / unit) * unit;
  if (fits === 0)
    throw new RangeError(
      `Cannot bind rows of ${columns} columns as ${storage}: found ${rowBytes * unit} bytes in ${unit} of them, this device allows ${limitBytes} bytes per binding`,
    );
  return fits;
}

/** What a device's bindings and buffers can hold. */
export function slabLimit({ maxBindingBytes, maxBufferBytes }: Pick<Traits, 'maxBindingBytes' | 'maxBufferBytes'>) {
  return Math.min(maxBindingBytes, maxBufferBytes);
}

/** Name of a slab of a matrix; of its only one, the matrix's own. */
export function slabName(name: string, first: number, isWhole: boolean): string {
  return isWhole ? name : `${name} from row ${first}`;
}

/** u32 words of a row's codes. */
const CODE_WORDS = {
  f16: (C: number) => 2 * Math.ceil(C / 4),
  q8: (C: number) => Math.ceil(C / 4),
  'int8-row': (C: number) => Math.ceil(C / 4),
  nf4: (C: number) => Math.ceil(C / 8),
  'nf4-dq': (C: number) => Math.ceil(C / 8),
} as const;

/** Words before the bytes of nf4-dq's scales, for N of them. */
export function doubleScaleHead(N: number): number {
  return 256 + 1 + Math.ceil(N / 256);
}

/** In slabs where this device needs them. */
export function frozenWeight(g: Graph, name: string, storage: Storage, rows: number, columns: number): Weight {
  const step = slabRows(storage, rows, columns, slabLimit(g.traits));
  if (step === rows) return oneWeight(g, name, storage, rows, columns);
  const slabs: Slab[] = [];
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    slabs.push({ first, weight: oneWeight(g, slabName(name, first, false), storage, count, columns) });
  }
  const { codes, scales } = slabs[0]!.weight;
  return { name, storage, rows, columns, codes, scales, slabs };
}

/**
 * Whether matrices of one width can lie side by side on any device, bound each by itself and all as one: bindings begin at
 * multiples of FLAT_ALIGN words. The scales of nf4-dq depend on all of a matrix.
 */
export function canAdjoin(
  traits: Parameters<typeof slabLimit>[0],
  storage: Storage,
  rows: readonly number[],
  columns: number,
): boolean {
  if (storage === 'nf4-dq') return false;
  const limitBytes = Math.min(slabLimit(traits), BASE_TRAITS.maxBindingBytes);
  const isAligned = (words: number) => words % FLAT_ALIGN === 0;
  const total = rows.reduce((a, b) => a + b, 0);
  return (
    4 * total * rowWords(storage, columns) <= limitBytes &&
    rows.slice(0, -1).every((count) => isAligned(count * rowWords(storage, columns))) &&
    rows.slice(0, -1).every((count) => isAligned(scaleWords(storage, count, columns)))
  );
}

/** Name of matrices side by side, from the first one's. */
export const adjoinedName = (first: string) => `${first} …`;

/** Frozen matrices (rows,C) side by side; see `canAdjoin`. */
export function adjoinedWeights(
  g: Graph,
  names: readonly string[],
  storage: Storage,
  rows: readonly number[],
  columns: number,
): Weight[] {
  const total = rows.reduce((a, b) => a + b, 0);
  const whole = oneWeight(g, adjoinedName(names[0]!), storage, total, columns);
  let first = 0;
  return rows.map((count, i) => {
    const name = names[i]!;
    const codes = g.rows(whole.codes, first, count, name);
    const [begin, length] = [scaleWords(storage, first, columns), scaleWords(storage, count, columns)];
    const scales = whole.scales && g.rows(whole.scales, begin, length, `${name}.scale`);
    const weight = { name, storage, rows: count, columns, codes, scales, within: { whole, first } };
    first += count;
    return weight;
  });
}

/** Weights as the one that all of them together are, in their order; undefined where they are none or not all of it. */
export function adjoinedWhole(weights: readonly Weight[]): Weight | undefined {
  const whole = weights[0]?.within?.whole;
  let rows = 0;
  for (const weight of weights) {
    if (whole === undefined || weight.within?.whole !== whole || weight.within.first !== rows) return undefined;
    rows += weight.rows;
  }
  return whole?.rows === rows ? whole : undefined;
}

/** The slabs of a weight, one when it is whole: of a factor too, whose rows lie in one buffer. */
export function slabsOf(g: Graph, weight: Weight): readonly Slab[] {
  if (weight.slabs !== undefined) return weight.slabs;
  const { storage, rows, columns, codes } = weight;
  const step = slabRows(storage, rows, columns, g.traits.maxBindingBytes);
  if (step === rows) return [{ first: 0, weight }];
  const slabs: Slab[] = [];
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    slabs.push({ first, weight: { ...weight, rows: count, codes: g.rows(codes, first, count) } });
  }
  return slabs;
}

/** The rows of `value` that belong to a slab of a weight with as many; `value` itself when the weight is one slab. */
export function rowsOfSlab(g: Graph, value: Value, { first, weight }: Slab): Value {
  return weight.rows === value.shape[0] ? value : g.rows(value, first, weight.rows);
}

function oneWeight(g: Graph, name: string, storage: Storage, rows: number, columns: number): Weight {
  const base = { name, storage, rows, columns };
  if (storage === 'f32') return { ...base, codes: g.frozen(name, [rows, columns]), scales: undefined };
  const codes = g.frozen(name, [rows, CODE_WORDS[storage](columns)], 'u32');
  return { ...base, codes, scales: storage === 'f16' ? undefined : frozenScales(g, name, storage, rows, columns) };
}

function frozenScales(g: Graph, name: string, storage: Storage, rows: number, columns: number): Value {
  return g.frozen(
    `${name}.scale`,
    [scaleWords(storage, rows, columns)],
    storage === 'q8' || storage === 'nf4-dq' ? 'u32' : 'f32',
  );
}

/** Words of a row's codes. */
function rowWords(storage: Storage, columns: number): number {
  return storage === 'f32' ? columns : CODE_WORDS[storage](columns);
}

/** Words of the scales of so many rows. */
function scaleWords(storage: Storage, rows: number, columns: number): number {
  if (storage === 'f32' || storage === 'f16') return 0;
  if (storage === 'int8-row') return rows;
  if (storage === 'q8') return Math.ceil((rows * Math.ceil(columns / 32)) / 2);
  const N = rows * Math.ceil(columns / 64);
  return storage === 'nf4' ? N : doubleScaleHead(N) + Math.ceil(N / 4);
}

/** A LoRA factor in the place of a weight: `value` is (O,C) f32, trainable while it is trained, frozen while it is only used. */
export function factorWeight(value: Value): Weight {
  return {
    name: value.name,
    storage: 'f32',
    rows: value.shape[0]!,
    columns: value.shape[1]!,
    codes: value,
    scales: undefined,
  };
}
