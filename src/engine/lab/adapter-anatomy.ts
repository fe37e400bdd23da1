// What an adapter is made of, linear by linear, and how it relates to others: everything that needs no base.

import { type Adapter, asLora } from '../../lora/adapter.ts';
import { compareAdapters } from '../../lora/lab/compare-adapters.ts';
import { type ModuleSpectrum, moduleSpectrum } from '../../lora/lab/module-spectrum.ts';

export interface ModuleAnatomy extends ModuleSpectrum {
  readonly path: string;
  readonly rank: number;
  readonly outFeatures: number;
  readonly inFeatures: number;
  /** ‖W‖ of the base's matrix (Frobenius), where a base is open. */
  readonly baseNorm?: number;
}

export interface AdapterAnatomy {
  readonly rank: number;
  readonly modules: readonly ModuleAnatomy[];
  /** ‖ΔW‖ over all linears together. */
  readonly norm: number;
  /** Share of all ‖ΔW‖² that stays when every linear is cut to rank 1, 2, …; the last is 1. */
  readonly energy: readonly number[];
}

/** `baseNorms`: ‖W‖ by module path, where it is known. */
export function adapterAnatomy(adapter: Adapter, baseNorms?: ReadonlyMap<string, number>): AdapterAnatomy {
  asLora(adapter, 'take the adapter apart');
  const modules = [...adapter.modules].map(([path, module]): ModuleAnatomy => {
    const { r: rank, outFeatures, inFeatures } = module;
    const baseNorm = baseNorms?.get(path);
    return {
      path,
      rank,
      outFeatures,
      inFeatures,
      ...(baseNorm !== undefined && { baseNorm }),
      ...moduleSpectrum(module),
    };
  });
  const rank = Math.max(...modules.map((module) => module.rank));
  const squares = modules.reduce((sum, { norm }) => sum + norm * norm, 0);
  const kept = (k: number) =>
    modules.reduce((sum, { norm, energy }) => sum + norm * norm * (energy[Math.min(k, energy.length) - 1] ?? 0), 0);
  const energy = Array.from({ length: rank }, (_, i) => (squares > 0 ? Math.min(1, kept(i + 1) / squares) : 0));
  return { rank, modules, norm: Math.sqrt(squares), energy };
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
