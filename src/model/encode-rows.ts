// f32 rows → the bytes of a file's element type, the other side of read-tensor.ts.

import { floatToHalf } from './half.ts';
import { GROUP, quantizeRows } from './quantize.ts';

export type RowType = 'F32' | 'F16' | 'BF16' | 'Q8_0';

/** Throws a RangeError when F16 cannot hold a number. `name`: the tensor, `columns`: numbers a row. */
export function encodeRows(type: RowType, name: string, values: Float32Array, columns: number): Uint8Array {
  if (type === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (type === 'Q8_0') return encodeQ8(name, values, columns);
  const out = new Uint16Array(values.length);
  if (type === 'BF16') encodeBrain(values, out);
  else
    for (let i = 0; i < out.length; i++) {
      out[i] = floatToHalf(values[i]!);
      if ((out[i]! & 0x7fff) === 0x7c00)
        throw new RangeError(
          `Cannot write tensor "${name}" as F16: found ${values[i]} at [${Math.floor(i / columns)}, ${i % columns}], need magnitudes up to 65504 (bf16 has room)`,
        );
    }
  return new Uint8Array(out.buffer);
}

/** The nearest BF16, ties to even; of finite numbers. */
function encodeBrain(values: Float32Array, out: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < out.length; i++) out[i] = (bits[i]! + 0x7fff + ((bits[i]! >>> 16) & 1)) >>> 16;
}

/** Blocks of Q8_0: f16 scale, 32 codes. Rows are whole blocks. */
function encodeQ8(name: string, values: Float32Array, columns: number): Uint8Array {
  const quant = quantizeRows(name, values, values.length / columns, columns, 'q8');
  if (quant.scheme !== 'q8' || columns % GROUP !== 0)
    throw new RangeError(`Cannot write tensor "${name}" as Q8_0: found rows of ${columns}, need multiples of ${GROUP}`);
  const blocks = values.length / GROUP;
  const codes = new Uint8Array(quant.codes.buffer, quant.codes.byteOffset, values.length);
  const scales = new Uint8Array(quant.scales.buffer, quant.scales.byteOffset, 2 * blocks);
  const out = new Uint8Array(blocks * (2 + GROUP));
  for (let i = 0; i < blocks; i++) {
    const at = i * (2 + GROUP);
    out[at] = scales[2 * i]!;
    out[at + 1] = scales[2 * i + 1]!;
    out.set(codes.subarray(i * GROUP, (i + 1) * GROUP), at + 2);
  }
  return out;
}
