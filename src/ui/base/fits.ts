// How much of a GPU a model of the list needs, before any of it has been read.
import type { DeviceReport, HubChoice, QuantAsk, QuantScheme } from '../../engine/protocol.ts';

/** Of a linear, codes and scales. */
const BYTES: Readonly<Record<QuantScheme, number>> = {
  q8: 34 / 32,
  'int8-row': 1,
  nf4: 0.5 + 4 / 64,
  'nf4-dq': 0.5 + 1 / 64,
  f16: 2,
  f32: 4,
};
/** Of embedding and head, codes alone; 4-bit schemes keep them in 8. */
const CODE_BYTES: Readonly<Record<QuantScheme, number>> = { q8: 1, 'int8-row': 1, nf4: 1, 'nf4-dq': 1, f16: 2, f32: 4 };

export function gpuBytes({ parameters, vocabulary, hidden }: HubChoice, asked: QuantAsk): number {
  const quant = asked === 'auto' ? 'q8' : asked;
  const embedding = vocabulary * hidden;
  const inEmbedding = quant === 'nf4' || quant === 'nf4-dq' ? BYTES.q8 : BYTES[quant];
  return (parameters - embedding) * BYTES[quant] + embedding * inEmbedding;
}

/** Browsers do not say how much memory a GPU has, only what one matrix may take; undefined: no device is known. */
export function fits(
  model: HubChoice,
  asked: QuantAsk,
  limits: DeviceReport['limits'] | undefined,
): { readonly isFitting: boolean; readonly needBytes: number; readonly haveBytes: number } | undefined {
  if (limits === undefined) return undefined;
  // Left to itself, the engine takes 4 bits for an embedding that does not fit in 8.
  const bytes = asked === 'auto' ? 0.5 : CODE_BYTES[asked];
  const needBytes = model.vocabulary * model.hidden * bytes;
  const haveBytes = Math.min(limits.maxBindingBytes, limits.maxBufferBytes);
  return { isFitting: needBytes <= haveBytes, needBytes, haveBytes };
}
