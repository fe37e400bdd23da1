// How much of a GPU a model of the list needs, before any of it has been read.
import type { DeviceReport, HubChoice, QuantScheme } from '../../engine/protocol.ts';

/** Codes and scales: groups of 32 have a scale of two bytes, rows one of four. */
const BYTES_PER_WEIGHT: Readonly<Record<QuantScheme, number>> = { q8: 34 / 32, 'int8-row': 1, f32: 4 };
const CODE_BYTES: Readonly<Record<QuantScheme, number>> = { q8: 1, 'int8-row': 1, f32: 4 };

export function gpuBytes(model: HubChoice, quant: QuantScheme): number {
  return model.parameters * BYTES_PER_WEIGHT[quant];
}

/** Browsers do not say how much memory a GPU has, only what one matrix may take; undefined: no device is known. */
export function fits(
  model: HubChoice,
  quant: QuantScheme,
  limits: DeviceReport['limits'] | undefined,
): { readonly isFitting: boolean; readonly needBytes: number; readonly haveBytes: number } | undefined {
  if (limits === undefined) return undefined;
  const needBytes = model.vocabulary * model.hidden * CODE_BYTES[quant];
  const haveBytes = Math.min(limits.maxBindingBytes, limits.maxBufferBytes);
  return { isFitting: needBytes <= haveBytes, needBytes, haveBytes };
}
