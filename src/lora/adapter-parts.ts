// An adapter's tensors on a graph, by the module that they belong to and by what they are there. Whether they are trained or only
// used is up to whoever puts them there: attach-trainable.ts, attach-frozen.ts.

import type { Graph, Value } from '../gpu/graph.ts';
import { factorWeight } from '../gpu/weight.ts';
import type { ParameterSource } from '../model/layers.ts';
import type { AdapterShape, AdapterTensor } from './adapter-tensors.ts';
import { promptListName, startName, tokenListName } from './flat-adapter.ts';
import type { BottleneckPart, BottleneckValues } from './methods/bottleneck.ts';
import type { Ia3Part } from './methods/ia3.ts';

export type AdapterParts = ReturnType<typeof adapterParts>;

/**
 * Adds to the graph, as frozen values, what an adapter has beside its tensors: lists of tokens, and what a start took from the base.
 * @param tensors by `partName`. @param prefix of the names of those values. @param strength (T) f32, where it is only used.
 */
export function adapterParts(
  g: Graph,
  shape: AdapterShape,
  tensors: ReadonlyMap<string, Value>,
  { prefix = '', strength }: { readonly prefix?: string; readonly strength?: Value } = {},
) {
  const saved = (name: string) => tensors.get(partName(name, 'saved'));
  const lists = new Map(
    [...(shape.tokens ?? [])].map(([path, { ids }]) => [
      path,
      g.frozen(`${prefix}${tokenListName(path)}`, [ids.length], 'u32'),
    ]),
  );
  const { prompt } = shape;
  const virtual = prompt && {
    rows: tensors.get(partName(prompt.path, 'prompt'))!,
    tokens: g.frozen(`${prefix}${promptListName}`, [prompt.count], 'u32'),
    strength,
  };
  const starts = new Map(
    [...shape.modules].flatMap(([path, m]) => {
      const of = (which: 'a' | 'b', sizes: readonly [number, number]) =>
        factorWeight(g.frozen(`${prefix}${startName(path, which)}`, sizes));
      return m.start ? [[path, { a: of('a', [m.r, m.inFeatures]), b: of('b', [m.outFeatures, m.r]) }] as const] : [];
    }),
  );
  const modulesOfSaved = new Set([...(shape.saved?.keys() ?? [])].map((name) => name.slice(0, name.lastIndexOf('.'))));
  const source: ParameterSource = {
    matrix: ({ name }) => {
      const value = saved(name);
      return value && factorWeight(value);
    },
    vector: ({ name }) => saved(name),
  };
  return {
    source,
    hasSaved: (path: string) => modulesOfSaved.has(path),
    of: (path: string) => ({
      lora_A: tensors.get(partName(path, 'lora_A')),
      lora_B: tensors.get(partName(path, 'lora_B')),
      magnitude: tensors.get(partName(path, 'magnitude')),
      lora_bias: tensors.get(partName(path, 'lora_bias')),
      start: starts.get(path),
    }),
    ia3: (path: string): Ia3Part | undefined => {
      const found = shape.ia3?.get(path);
      return found && { isFeedforward: found.isFeedforward, l: tensors.get(partName(path, 'ia3'))! };
    },
    bottleneck: (path: string): BottleneckValues | undefined => {
      const found = shape.bottlenecks?.get(path);
      return found && { shape: found, of: (part: BottleneckPart) => tensors.get(partName(path, part))! };
    },
    prompt: (path: string) => (path === prompt?.path ? virtual : undefined),
    tokens: (path: string) => {
      const tokens = lists.get(path);
      return tokens && { rows: tensors.get(partName(path, 'tokens'))!, tokens, strength };
    },
  };
}

/** Of a tensor among `tensors`. */
export function partName(path: string, part: AdapterTensor['part']): string {
  return `${path} ${part}`;
}
