// An adapter at a lower rank: of every ΔW the best approximation that the rank allows (Eckart and Young 1936), by the SVD of
// its factors. What stands beside the factors (magnitudes, biases, parameters trained in full) stays as it is.

import { type Adapter, type AdapterModule, asLora, type LoraAdapter } from '../adapter.ts';
import { firstOf } from '../algebra/top-singular.ts';
import { deltaSvd } from '../delta.ts';

/**
 * The same adapter in the basis of its singular vectors, scaling 1: rank k of it is the first k rows of A with the first k
 * columns of B. Both carry √σ, so that training can go on from either.
 */
export function spectralAdapter(adapter: Adapter): LoraAdapter {
  asLora(adapter, 'truncate the adapter');
  return truncateAdapter(adapter, Math.max(...[...adapter.modules.values()].map(({ r }) => r)));
}

/** Throws a RangeError for a rank that is none. */
export function truncateAdapter(whole: Adapter, rank: number): LoraAdapter {
  const adapter = asLora(whole, 'truncate the adapter');
  if (!(Number.isInteger(rank) && rank >= 1))
    throw new RangeError(`Cannot truncate to rank ${rank}: need a whole number from 1`);
  const modules = new Map([...adapter.modules].map(([path, module]) => [path, truncateModule(module, rank)]));
  const config = {
    ...adapter.config,
    r: Math.min(rank, Math.max(...[...modules.values()].map(({ r }) => r))),
    use_rslora: false,
    rank_pattern: {},
    alpha_pattern: {},
    init_lora_weights: true,
  };
  return { ...adapter, config: { ...config, lora_alpha: config.r }, modules };
}

function truncateModule(module: AdapterModule, rank: number): AdapterModule {
  const { inFeatures, outFeatures } = module;
  const { u, s, vt } = firstOf(deltaSvd(module), Math.min(rank, module.r));
  const r = s.length;
  const roots = s.map(Math.sqrt);
  const a = Float32Array.from(vt.data, (value, i) => value * roots[Math.floor(i / inFeatures)]!);
  const b = Float32Array.from(u.data, (value, i) => value * roots[i % r]!);
  // A bias of B is scaled as B is.
  const bias = module.loraBias && { loraBias: module.loraBias.map((value) => value * module.scaling) };
  return { ...module, ...bias, r, alpha: r, scaling: 1, a, b, inFeatures, outFeatures };
}
