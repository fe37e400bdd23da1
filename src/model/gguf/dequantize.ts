// Quantised blocks of GGUF → f32, exactly the numbers that ggml's dequantize_row_* gives. Every product here has at most
// 24 significant bits and every sum of two of them fits a double, so JavaScript's one rounding, on storing the f32, is
// the same as C's. Layouts: ggml-common.h; where bits lie is said at each type, lowest first.
//
//   d, m     f16 scale and minimum of a block
//   nibbles  one byte holds element i in its low half and element i + n/2 in its high half

import { halfToFloat } from '../half.ts';
import { BLOCK_TYPES, type BlockName } from './block-types.ts';

/** Whole blocks → their elements in order. */
export type Dequantize = (blocks: Uint8Array, out: Float32Array) => void;

/** Writes one block of `bytes`, which begins at `at`, to `out` at `o`. */
type Block = (bytes: Uint8Array, at: number, out: Float32Array, o: number) => void;

/** d, 16 bytes of nibbles */
const q4_0: Block = (bytes, at, out, o) => {
  const d = half(bytes, at);
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 2 + i]!;
    out[o + i] = ((q & 15) - 8) * d;
    out[o + 16 + i] = ((q >> 4) - 8) * d;
  }
};

/** d, m, 16 bytes of nibbles */
const q4_1: Block = (bytes, at, out, o) => {
  const d = half(bytes, at);
  const m = half(bytes, at + 2);
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 4 + i]!;
    out[o + i] = (q & 15) * d + m;
    out[o + 16 + i] = (q >> 4) * d + m;
  }
};

/** d, the fifth bits of all 32 elements, 16 bytes of nibbles */
const q5_0: Block = (bytes, at, out, o) => {
  const d = half(bytes, at);
  const high = word(bytes, at + 2);
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 6 + i]!;
    out[o + i] = ((q & 15) + (((high >>> i) & 1) << 4) - 16) * d;
    out[o + 16 + i] = ((q >> 4) + (((high >>> (i + 16)) & 1) << 4) - 16) * d;
  }
};

/** d, m, the fifth bits of all 32 elements, 16 bytes of nibbles */
const q5_1: Block = (bytes, at, out, o) => {
  const d = half(bytes, at);
  const m = half(bytes, at + 2);
  const high = word(bytes, at + 4);
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 8 + i]!;
    out[o + i] = ((q & 15) + (((high >>> i) & 1) << 4)) * d + m;
    out[o + 16 + i] = ((q >> 4) + (((high >>> (i + 16)) & 1) << 4)) * d + m;
  }
};

/** d, 32 signed bytes */
const q8_0: Block = (bytes, at, out, o) => {
  const d = half(bytes, at);
  for (let i = 0; i < 32; i++) out[o + i] = signed(bytes[at + 2 + i]!) * d;
};

/** 16 × (scale, minimum) as nibbles for 16 elements each, 64 bytes of 2-bit codes, d, m. Bits 2j of bytes 0…31 are elements 32j… */
const q2_k: Block = (bytes, at, out, o) => {
  const d = half(bytes, at + 80);
  const m = half(bytes, at + 82);
  for (let group = 0; group < 16; group++) {
    const scale = bytes[at + group]!;
    const from = at + 16 + (group >> 3) * 32 + (group & 1) * 16;
    const shift = group & 6;
    for (let i = 0; i < 16; i++)
      out[o + 16 * group + i] = d * (scale & 15) * ((bytes[from + i]! >> shift) & 3) - m * (scale >> 4);
  }
};

/**
 * 32 bytes of third bits (unset: 4 less), 64 bytes of 2-bit codes as in q2_k, 16 scales of 6 bits less 32, d.
 * Scale i: low 4 bits in nibble i of bytes 0…7 (first all low nibbles), high 2 in byte 8 + i%4.
 */
const q3_k: Block = (bytes, at, out, o) => {
  const d = half(bytes, at + 108);
  const scales = at + 96;
  for (let group = 0; group < 16; group++) {
    const low = (bytes[scales + (group & 7)]! >> (group < 8 ? 0 : 4)) & 15;
    const high = (bytes[scales + 8 + (group & 3)]! >> (2 * (group >> 2))) & 3;
    const dl = d * (low + 16 * high - 32);
    const from = at + 32 + (group >> 3) * 32 + (group & 1) * 16;
    const mask = at + (group & 1) * 16;
    const shift = group & 6;
    for (let i = 0; i < 16; i++) {
      const third = (bytes[mask + i]! >> (group >> 1)) & 1;
      out[o + 16 * group + i] = dl * (((bytes[from + i]! >> shift) & 3) - (third ? 0 : 4));
    }
  }
};

/** d, m, 8 × (scale, minimum) of 6 bits in 12 bytes, 128 bytes of nibbles: bytes 32j… hold groups 2j (low) and 2j + 1. */
const q4_k: Block = (bytes, at, out, o) => {
  const d = half(bytes, at);
  const m = half(bytes, at + 2);
  for (let group = 0; group < 8; group++) {
    const dl = d * scaleOf(bytes, at + 4, group);
    const ml = m * minimumOf(bytes, at + 4, group);
    const from = at + 16 + 32 * (group >> 1);
    const shift = 4 * (group & 1);
    for (let i = 0; i < 32; i++) out[o + 32 * group + i] = dl * ((bytes[from + i]! >> shift) & 15) - ml;
  }
};

/** As q4_k with 32 bytes of fifth bits before the nibbles: bit `group` of byte i. */
const q5_k: Block = (bytes, at, out, o) => {
  const d = half(bytes, at);
  const m = half(bytes, at + 2);
  for (let group = 0; group < 8; group++) {
    const dl = d * scaleOf(bytes, at + 4, group);
    const ml = m * minimumOf(bytes, at + 4, group);
    const from = at + 48 + 32 * (group >> 1);
    const shift = 4 * (group & 1);
    for (let i = 0; i < 32; i++) {
      const fifth = (bytes[at + 16 + i]! >> group) & 1;
      out[o + 32 * group + i] = dl * (((bytes[from + i]! >> shift) & 15) + 16 * fifth) - ml;
    }
  }
};

/**
 * 128 bytes of nibbles, 64 bytes of the two high bits, 16 signed scales, d. Each half of 128 elements has four groups of
 * 32: groups 0 and 1 are the low nibbles of bytes 0…31 and 32…63, groups 2 and 3 their high ones.
 */
const q6_k: Block = (bytes, at, out, o) => {
  const d = half(bytes, at + 208);
  for (let group = 0; group < 8; group++) {
    const [part, quarter] = [group >> 2, group & 3];
    const low = at + 64 * part + 32 * (quarter & 1);
    const high = at + 128 + 32 * part;
    const shift = 4 * (quarter >> 1);
    for (let i = 0; i < 32; i++) {
      const q = ((bytes[low + i]! >> shift) & 15) + 16 * ((bytes[high + i]! >> (2 * quarter)) & 3) - 32;
      out[o + 32 * group + i] = d * signed(bytes[at + 192 + 2 * group + (i >> 4)]!) * q;
    }
  }
};

/** The 16 values that codes of iq4 stand for. */
const IQ4 = Int8Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

/** d, 16 bytes of nibbles */
const iq4_nl: Block = (bytes, at, out, o) => iq4(bytes, at + 2, half(bytes, at), out, o);

/** d, the high 2 bits of 8 scales, their low nibbles in 4 bytes, 128 bytes: 16 of nibbles for each group of 32. */
const iq4_xs: Block = (bytes, at, out, o) => {
  const d = half(bytes, at);
  const high = bytes[at + 2]! | (bytes[at + 3]! << 8);
  for (let group = 0; group < 8; group++) {
    const low = (bytes[at + 4 + (group >> 1)]! >> (4 * (group & 1))) & 15;
    const scale = low + 16 * ((high >> (2 * group)) & 3) - 32;
    iq4(bytes, at + 8 + 16 * group, d * scale, out, o + 32 * group);
  }
};

function iq4(bytes: Uint8Array, at: number, d: number, out: Float32Array, o: number): void {
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + i]!;
    out[o + i] = d * IQ4[q & 15]!;
    out[o + 16 + i] = d * IQ4[q >> 4]!;
  }
}

/** 6 bits of group j at `at`: 0…3 in the low bits of bytes 0…3, 4…7 in nibbles of bytes 8…11 and the high bits of 0…3. */
function scaleOf(bytes: Uint8Array, at: number, j: number): number {
  return j < 4 ? bytes[at + j]! & 63 : (bytes[at + 4 + j]! & 15) | ((bytes[at + j - 4]! >> 6) << 4);
}
/** As scaleOf with bytes 4…7 and the high nibbles of bytes 8…11. */
function minimumOf(bytes: Uint8Array, at: number, j: number): number {
  return j < 4 ? bytes[at + 4 + j]! & 63 : (bytes[at + 4 + j]! >> 4) | ((bytes[at + j]! >> 6) << 4);
}

function half(bytes: Uint8Array, at: number): number {
  return halfToFloat(bytes[at]! | (bytes[at + 1]! << 8));
}
function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
function signed(byte: number): number {
  return (byte << 24) >> 24;
}

const BLOCKS: Partial<Record<BlockName, Block>> = {
  Q4_0: q4_0,
  Q4_1: q4_1,
  Q5_0: q5_0,
  Q5_1: q5_1,
  Q8_0: q8_0,
  Q2_K: q2_k,
  Q3_K: q3_k,
  Q4_K: q4_k,
  Q5_K: q5_k,
  Q6_K: q6_k,
  IQ4_NL: iq4_nl,
  IQ4_XS: iq4_xs,
};

/** By type, for the quantised types that can be read. */
export const DEQUANTIZERS: ReadonlyMap<string, Dequantize> = new Map(
  Object.entries(BLOCKS).map(([name, block]) => [name, overBlocks(name as BlockName, block)]),
);

function overBlocks(name: BlockName, block: Block): Dequantize {
  const { elements, bytes: size } = BLOCK_TYPES[name];
  return (bytes, out) => {
    for (let at = 0, o = 0; at < bytes.length; at += size, o += elements) block(bytes, at, out, o);
  };
}
