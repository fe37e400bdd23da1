// What an adapter's change of one linear is made of: the singular values of ΔW = s·B·A and the figures read off them.

import type { Factors } from '../delta.ts';
import { deltaSvd } from '../delta.ts';

export interface ModuleSpectrum {
  /** Largest first; min(r, in, out) of them. */
  readonly singularValues: readonly number[];
  /** ‖ΔW‖ (Frobenius). */
  readonly norm: number;
  /** Share of ‖ΔW‖² that the first 1, 2, … singular values hold; the last is 1. All 0 where ΔW is 0. */
  readonly energy: readonly number[];
  /**
   * exp of the entropy of σᵢ/Σσ (Roy and Vetterli, "The effective rank", 2007): how many directions are really in use,
   * between 1 and r; 0 where ΔW is 0.
   */
  readonly effectiveRank: number;
}

export function moduleSpectrum(module: Factors): ModuleSpectrum {
  return spectrumOf([...deltaSvd(module).s]);
}

/** Of singular values that are known, largest first. */
export function spectrumOf(singularValues: readonly number[]): ModuleSpectrum {
  const squares = singularValues.reduce((sum, s) => sum + s * s, 0);
  const total = singularValues.reduce((sum, s) => sum + s, 0);
  let running = 0;
  const energy = singularValues.map((s) => {
    running += s * s;
    return squares > 0 ? Math.min(1, running / squares) : 0;
  });
  let entropy = 0;
  for (const s of singularValues) if (s > 0) entropy -= (s / total) * Math.log(s / total);
  return { singularValues, norm: Math.sqrt(squares), energy, effectiveRank: total > 0 ? Math.exp(entropy) : 0 };
}

/** The least rank that keeps this share of the energy. */
export function rankFor({ energy }: Pick<ModuleSpectrum, 'energy'>, share: number): number {
  const at = energy.findIndex((kept) => kept >= share);
  return at < 0 ? energy.length : at + 1;
}
