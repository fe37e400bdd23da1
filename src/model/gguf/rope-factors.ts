// llama.cpp's files say Llama 3's slowed rotation by its outcome: one factor for each pair of dimensions. config.json says
// it by its rule. The rule is found again and then held against every factor, so that nothing is guessed.
//
//   wave > context / low: factor · wave < context / high: 1 · between: 1 / ((1 - s) / factor + s), s = (context / wave - low) / (high - low)

import type { ModelFile } from '../model-file.ts';
import type { RopeConfig } from '../rope.ts';
import { broken } from './byte-reader.ts';

/** Of every Llama 3 so far. */
const LOW = 1;
const HIGH = 4;
const USUAL_CONTEXT = 8192;
/** The factors were rounded to f32, and so were the waves that they were made of. */
const TOLERANCE = 1e-3;

/** `rope_scaling` of config.json; null when no factor slows anything. Throws a SyntaxError when the rule is another. */
export function llama3Scaling(
  file: ModelFile,
  factors: Float32Array,
  config: Readonly<Record<string, unknown>>,
): Record<string, unknown> | null {
  const theta = config.rope_theta as number;
  const waves = Array.from(factors, (_, i) => 2 * Math.PI * theta ** (i / factors.length));
  const factor = factors.reduce((a, b) => Math.max(a, b), 1);
  if (factors.every((f) => f === 1)) return null;
  const blended = factors.findIndex((f) => f > 1 && f < factor);
  const context = blended < 0 ? USUAL_CONTEXT : contextOf(waves[blended]!, factors[blended]!, factor);
  const fits = waves.every((wave, i) => Math.abs(slowing(wave, factor, context) / factors[i]! - 1) < TOLERANCE);
  if (config.rope_scaling !== null || !fits)
    throw broken(file, 'rope_freqs.weight that do not follow the rule of Llama 3', 'a rotation that Graft knows');
  return {
    rope_type: 'llama3',
    factor,
    low_freq_factor: LOW,
    high_freq_factor: HIGH,
    original_max_position_embeddings: context,
  };
}

function slowing(wave: number, factor: number, context: number): number {
  if (wave > context / LOW) return factor;
  if (wave < context / HIGH) return 1;
  const s = (context / wave - LOW) / (HIGH - LOW);
  return 1 / ((1 - s) / factor + s);
}

/** The rule solved for its context. */
function contextOf(wave: number, slowed: number, factor: number): number {
  const s = (1 / slowed - 1 / factor) / (1 - 1 / factor);
  return Math.round(wave * (LOW + s * (HIGH - LOW)));
}

/** The factors (rotary/2) of a Llama 3 rope, as llama.cpp's converter writes them; undefined for other ropes. */
export function llama3Factors(rope: RopeConfig): Float32Array | undefined {
  if (rope.type !== 'llama3') return undefined;
  const { theta, rotary, factor, lowFreqFactor: low, highFreqFactor: high, originalContextTokens: context } = rope;
  return Float32Array.from({ length: rotary / 2 }, (_, i) => {
    const wave = 2 * Math.PI * theta ** ((2 * i) / rotary);
    if (wave < context / high) return 1;
    if (wave > context / low) return factor;
    const smooth = (context / wave - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
