// How much of a GPU a model of the list needs, before any of it has been read.
import type { HubChoice, QuantAsk, QuantScheme } from '../../engine/protocol.ts';

/** Of a number, codes and scales; 4-bit schemes keep embedding and head in 8. */
const BYTES: Readonly<Record<QuantScheme, number>> = {
  q8: 34 / 32,
  'int8-row': 1,
  nf4: 0.5 + 4 / 64,
  'nf4-dq': 0.5 + 1 / 64,
  f16: 2,
  f32: 4,
};
export function gpuBytes({ parameters, vocabulary, hidden }: HubChoice, asked: QuantAsk): number {
  const quant = asked === 'auto' ? 'q8' : asked;
  const embedding = vocabulary * hidden;
  const inEmbedding = quant === 'nf4' || quant === 'nf4-dq' ? BYTES.q8 : BYTES[quant];
  return (parameters - embedding) * BYTES[quant] + embedding * inEmbedding;
}
