// What an adapter is made of, linear by linear, and how it relates to others: everything that needs no base,
// and what was measured against one.

import { type Adapter, asLora } from '../../lora/adapter.ts';
import { compareAdapters } from '../../lora/lab/compare-adapters.ts';
import { type ModuleSpectrum, moduleSpectrum } from '../../lora/lab/module-spectrum.ts';
import type { MeasuredChange, PartChange } from './measure-change.ts';

export interface ModuleAnatomy extends ModuleSpectrum {
  readonly path: string;
  readonly rank: number;
  readonly outFeatures: number;
  readonly inFeatures: number;
  /** ‖W‖ of the base's matrix (Frobenius), where a base is open. */
  readonly baseNorm?: number;
  /** With DoRA, where a base is open: ‖ΔW‖ with the lengths that it sets; singular values and `norm` are of s·B·A before them. */
  readonly wholeNorm?: number;
  readonly isDora?: true;
}

export interface AdapterAnatomy {
  readonly rank: number;
  readonly modules: readonly ModuleAnatomy[];
  /** ‖ΔW‖ over all linears together. */
  readonly norm: number;
  /** Parameters that are trained in full, and rows of tokens, where a base is open. */
  readonly parts: readonly PartChange[];
  /** Those that cannot be measured without a base. */
  readonly unmeasured: readonly string[];
  /** Share of all ‖ΔW‖² that stays when every linear is cut to rank 1, 2, …; the last is 1. */
  readonly energy: readonly number[];
}

/** `base`: ‖W‖ by module path, and what is measured against the base, where one is open. */
export function adapterAnatomy(
  adapter: Adapter,
  base?: { readonly norms: ReadonlyMap<string, number>; readonly measured: MeasuredChange },
): AdapterAnatomy {
  asLora(adapter, 'take the adapter apart');
  const modules = [...adapter.modules].map(([path, module]): ModuleAnatomy => {
    const { r: rank, outFeatures, inFeatures } = module;
    const baseNorm = base?.norms.get(path);
    const wholeNorm = base?.measured.modules.get(path);
    return {
      path,
      rank,
      outFeatures,
      inFeatures,
      ...(baseNorm !== undefined && { baseNorm }),
      ...(wholeNorm !== undefined && { wholeNorm }),
      ...(module.magnitude && { isDora: true }),
      ...moduleSpectrum(module),
    };
  });
  const rank = Math.max(...modules.map((module) => module.rank));
  const squares = modules.reduce((sum, { norm }) => sum + norm * norm, 0);
  const kept = (k: number) =>
    modules.reduce((sum, { norm, energy }) => sum + norm * norm * (energy[Math.min(k, energy.length) - 1] ?? 0), 0);
  const energy = Array.from({ length: rank }, (_, i) => (squares > 0 ? Math.min(1, kept(i + 1) / squares) : 0));
  const parts = base?.measured.parts ?? [];
  const named = [...(adapter.saved?.keys() ?? []), ...(adapter.tokens?.keys() ?? [])];
  return { rank, modules, norm: Math.sqrt(squares), parts, unmeasured: base ? [] : named, energy };
}

export interface Likeness {
  readonly name: string;
  readonly cosine: number;
  /** Linears that both sit on. */
  readonly sharedModules: number;
}

export function likenessTo(adapter: Adapter, name: string, other: Adapter): Likeness {
  const { cosine, modules } = compareAdapters(adapter, other);
  return { name, cosine, sharedModules: modules.size };
}
