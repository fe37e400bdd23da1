// The two 16-bit floats of model files: F16 (IEEE 754 half) and BF16 (the upper half of an f32).
// Widening is exact and keeps NaN payloads, subnormals and signed zeros; narrowing rounds to nearest, ties to even.
// Host memory is little-endian on every machine that has WebGPU, so files' bytes are viewed as they are.

let table: Uint32Array | undefined;

/** The f32 bits of all 65,536 halves (256 KB, made on first use): one load an element beats the bit tricks. */
export function halfTable(): Uint32Array {
  table ??= Uint32Array.from({ length: 65536 }, (_, half) => halfToFloatBits(half));
  return table;
}

/** f32 value of F16 bits. */
export function halfToFloat(half: number): number {
  bits[0] = halfTable()[half]!;
  return floats[0]!;
}

/** F16 bits of a number that f32 holds; beyond 65,519.99 it is infinity. */
export function floatToHalf(value: number): number {
  floats[0] = value;
  const x = bits[0]!;
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((x >>> 13) & 0x3ff); // NaN stays NaN
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 65536 and above
  if (magnitude >= 0x38800000) {
    // Normal: shift the exponent's bias from 127 to 15, round off 13 bits. A carry moves on into the exponent.
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  // Subnormal: adding 0.5 leaves value / 2^-24, rounded to even by the addition, in the lowest bits of the sum.
  floats[0] = Math.abs(value) + 0.5;
  return sign | (bits[0]! - 0x3f000000);
}

/** F16 elements → f32, into `out`. */
export function widenHalf(halves: Uint16Array, out: Float32Array): void {
  const outBits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  const lookup = halfTable();
  for (let i = 0; i < halves.length; i++) outBits[i] = lookup[halves[i]!]!;
}

/** BF16 elements → f32, into `out`. */
export function widenBrain(brains: Uint16Array, out: Float32Array): void {
  const outBits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < brains.length; i++) outBits[i] = brains[i]! << 16;
}

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

function halfToFloatBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction << 13)) >>> 0;
  if (exponent > 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  floats[0] = fraction * 2 ** -24; // zero or subnormal: exact in f32
  return (sign | bits[0]!) >>> 0;
}
