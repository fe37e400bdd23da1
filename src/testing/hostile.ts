// Files from strangers: real ones with a few bytes changed, and a watch over what a reader allocates for them.

import fc from './fast-check.ts';

/** One change. `at` and `from` are shares of the file, or of its first bytes where `inHead`: that is where the claims are. */
export interface Edit {
  readonly kind: 'byte' | 'u32' | 'u64' | 'digits' | 'cut' | 'insert' | 'remove' | 'copy';
  readonly inHead: boolean;
  readonly at: number;
  readonly from: number;
  readonly value: bigint;
  readonly length: number;
}

/** Sizes that overflow, wrap or mean "none" somewhere. */
const EDGES = [
  0n,
  1n,
  2n,
  7n,
  31n,
  32n,
  255n,
  256n,
  65535n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

export const edits = fc.array(
  fc.record<Edit>({
    kind: fc.constantFrom('byte', 'byte', 'u32', 'u64', 'digits', 'cut', 'insert', 'remove', 'copy'),
    inHead: fc.boolean().chain((yes) => (yes ? fc.constant(true) : fc.boolean())),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    from: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    value: fc.oneof(fc.constantFrom(...EDGES), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    length: fc.integer({ min: 1, max: 64 }),
  }),
  { minLength: 1, maxLength: 4 },
);

/** `headBytes`: where the file's header ends. */
export function mutate(bytes: Uint8Array, headBytes: number, changes: readonly Edit[]): Uint8Array {
  let out: Uint8Array<ArrayBuffer> = bytes.slice();
  for (const { kind, inHead, at, from, value, length } of changes) {
    if (out.length < 16) return out;
    const span = inHead ? Math.min(headBytes, out.length) : out.length;
    const place = Math.min(out.length - 8, Math.floor(at * span));
    const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
    if (kind === 'byte') out[place] = Number(value & 255n);
    else if (kind === 'u32') view.setUint32(place, Number(value & 0xffffffffn), true);
    else if (kind === 'u64') view.setBigUint64(place, value, true);
    else if (kind === 'cut') out = out.slice(0, place);
    else if (kind === 'digits') out = replaceNumber(out, place, span, String(value));
    else if (kind === 'insert') out = splice(out, place, 0, new Uint8Array(length).fill(Number(value & 255n)));
    else if (kind === 'remove') out = splice(out, place, length, new Uint8Array());
    else out.copyWithin(place, Math.floor(from * span), Math.floor(from * span) + length);
  }
  return out;
}

/** The next number of a JSON text becomes another. */
function replaceNumber(
  bytes: Uint8Array<ArrayBuffer>,
  begin: number,
  end: number,
  digits: string,
): Uint8Array<ArrayBuffer> {
  const isDigit = (i: number) => bytes[i]! >= 48 && bytes[i]! <= 57;
  let at = begin;
  while (at < end && !isDigit(at)) at++;
  let after = at;
  while (after < end && isDigit(after)) after++;
  return splice(bytes, at, after - at, new TextEncoder().encode(digits));
}

function splice(bytes: Uint8Array, at: number, drop: number, put: Uint8Array): Uint8Array<ArrayBuffer> {
  const kept = Math.max(0, bytes.length - at - drop);
  const out = new Uint8Array(at + put.length + kept);
  out.set(bytes.subarray(0, at));
  out.set(put, at);
  if (kept > 0) out.set(bytes.subarray(at + drop), at + put.length);
  return out;
}

const WATCHED = [
  'ArrayBuffer',
  'Uint8Array',
  'Int8Array',
  'Uint16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'Array',
] as const;

/** Runs `work` and tells the largest thing, in bytes, that was allocated by a number meanwhile. */
export async function watchAllocations(work: () => Promise<void>): Promise<number> {
  const room = globalThis as unknown as Record<string, new (...args: unknown[]) => object>;
  const originals = WATCHED.map((name) => [name, room[name]!] as const);
  let largest = 0;
  for (const [name, original] of originals) {
    const size = (original as { readonly BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? (name === 'Array' ? 8 : 1);
    room[name] = new Proxy(original, {
      construct(target, args, newTarget) {
        if (args.length === 1 && typeof args[0] === 'number') largest = Math.max(largest, size * args[0]);
        // Refused before it hurts: a reader that asks for so much has failed already.
        if (largest > 2 ** 31) throw new Error(`an allocation of ${largest} bytes`);
        return Reflect.construct(target, args, newTarget === room[name] ? target : newTarget);
      },
    });
  }
  try {
    await work();
  } finally {
    for (const [name, original] of originals) room[name] = original;
  }
  return largest;
}
