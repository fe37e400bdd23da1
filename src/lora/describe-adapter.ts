// An adapter in words and figures, whatever its method: for model cards, graft inspect, the library and the receipt's checks.

import type { Adapter } from './adapter.ts';
import { methodName } from './adapter-config.ts';

/** One module that an adapter changes. */
export interface AdaptedSite {
  readonly path: string;
  /** "rank 8, alpha 16", "factors of 64 outputs". */
  readonly what: string;
  /** True: as it is, it changes nothing. */
  readonly isIdle: boolean;
}

/** What it changes, in the order of the model. */
export function adaptedSites({ modules, ia3, prompt, bottlenecks }: Adapter): AdaptedSite[] {
  return [
    ...[...modules].map(([path, { r, alpha, b, inFeatures, outFeatures }]) => ({
      path,
      what: `rank ${r}  alpha ${alpha}  ${outFeatures}×${inFeatures}`,
      isIdle: b.every((value) => value === 0),
    })),
    ...[...(ia3 ?? [])].map(([path, { isFeedforward, values }]) => ({
      path,
      what: `factors of ${values.length} ${isFeedforward ? 'inputs' : 'outputs'}`,
      isIdle: values.every((value) => value === 1),
    })),
    ...[...(bottlenecks ?? [])].map(([path, { width, size, tensors }]) => ({
      path,
      what: `bottleneck ${width} → ${size} → ${width}`,
      isIdle: [tensors.up, tensors.up_bias].every((values) => values.every((value) => value === 0)),
    })),
    ...(prompt
      ? [{ path: prompt.path, what: `${prompt.count} virtual tokens of ${prompt.columns}`, isIdle: false }]
      : []),
  ];
}

/** Last names of the modules that it changes: "q_proj", each once. */
export function targetNames(adapter: Adapter): string[] {
  return [...new Set(adaptedSites(adapter).map(({ path }) => path.slice(path.lastIndexOf('.') + 1)))];
}

/** What a list of adapters says of it; rank and alpha are 0 where the method has none. */
export function adapterFacts(adapter: Adapter) {
  const { config } = adapter;
  const [rank, alpha] = config.peft_type === 'LORA' ? [config.r, config.lora_alpha] : [0, 0];
  return { method: methodName(config), rank, alpha, targets: targetNames(adapter) };
}

/** Names and values that say of which size and kind it is. */
export function methodFacts(adapter: Adapter): readonly (readonly [name: string, value: string | number])[] {
  const { config, modules, ia3, prompt } = adapter;
  switch (config.peft_type) {
    case 'LORA': {
      const all = [...modules.values()];
      return [
        ['rank', several(all.map((m) => m.r))],
        ['alpha', several(all.map((m) => m.alpha))],
        ['dropout', config.lora_dropout],
        ...(config.use_rslora ? [['rsLoRA', 'yes'] as const] : []),
        ['linears', targetNames(adapter).join(', ')],
      ];
    }
    case 'IA3': {
      const named = (isFeedforward: boolean) =>
        targetNames({
          ...adapter,
          ia3: new Map([...(ia3 ?? [])].filter(([, m]) => m.isFeedforward === isFeedforward)),
        }).join(', ');
      return [
        ['outputs scaled', named(false) || 'none'],
        ['inputs scaled', named(true) || 'none'],
      ];
    }
    case 'BOTTLENECK':
      return [
        ['bottleneck', several([...(adapter.bottlenecks?.values() ?? [])].map(({ size }) => size))],
        ['nonlinearity', config.non_linearity],
        ['behind', targetNames(adapter).join(', ')],
      ];
    case 'PROMPT_TUNING':
      return [['virtual tokens', prompt?.count ?? config.num_virtual_tokens]];
  }
}

/** One value, or all that occur where patterns give modules their own. */
function several(values: readonly number[]): string {
  return [...new Set(values)].join(', ');
}
