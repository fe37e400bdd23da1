// An adapter that began with a part of its base (pissa, olora) → the plain LoRA that does the same on that base, as PEFT's
// conversion makes it: s·(B·A - B₀·A₀) = s·[B, -B₀]·[A; A₀], of twice the rank. Valid on the base as it is, quantised or not.

import type { Adapter, AdapterModule } from './adapter.ts';

/** The adapter itself when nothing was taken from the base. */
export function plainLora(adapter: Adapter): Adapter {
  const { config } = adapter;
  if (config.peft_type !== 'LORA' || ![...adapter.modules.values()].some(({ start }) => start)) return adapter;
  // alpha / r, or alpha / √r, stays what it was.
  const louder = config.use_rslora ? Math.SQRT2 : 2;
  const times = (values: Readonly<Record<string, number>>, by: number) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value * by]));
  const modules = new Map<string, AdapterModule>();
  for (const [path, { start, ...module }] of adapter.modules) {
    if (start === undefined) throw new RangeError(`Cannot convert the adapter: found no start of "${path}", need all`);
    const { r, outFeatures } = module;
    const a = new Float32Array(2 * module.a.length);
    a.set(module.a);
    a.set(start.a, module.a.length);
    const b = new Float32Array(2 * module.b.length);
    for (let o = 0; o < outFeatures; o++)
      for (let k = 0; k < r; k++) {
        b[2 * r * o + k] = module.b[r * o + k]!;
        b[2 * r * o + r + k] = -start.b[r * o + k]!;
      }
    modules.set(path, { ...module, r: 2 * r, alpha: louder * module.alpha, a, b });
  }
  return {
    ...adapter,
    modules,
    config: {
      ...config,
      r: 2 * config.r,
      lora_alpha: louder * config.lora_alpha,
      rank_pattern: times(config.rank_pattern, 2),
      alpha_pattern: times(config.alpha_pattern, louder),
      init_lora_weights: true,
    },
  };
}
