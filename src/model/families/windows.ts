// Which layers see only the last keys: `layer_types` where config.json has it, else the family's old rule.

import { type ConfigReader, MAX_CONTEXT } from '../config-reader.ts';

/** Window of each layer, undefined for all of the row. `hasWindows` false: the file's `sliding_window` is not in use. */
export function readWindows(
  json: ConfigReader,
  layers: number,
  hasWindows: boolean,
  isWindowed: (layer: number) => boolean,
): (number | undefined)[] {
  const types = json.value('layer_types');
  const typeOf = (layer: number) => {
    if (types === undefined) return isWindowed(layer) ? 'sliding_attention' : 'full_attention';
    const type: unknown = Array.isArray(types) && types.length === layers ? types[layer] : undefined;
    if (type === 'sliding_attention' || type === 'full_attention') return type;
    throw json.bad('layer_types', types, `${layers} times "full_attention" or "sliding_attention"`);
  };
  return Array.from({ length: layers }, (_, layer) =>
    typeOf(layer) === 'sliding_attention' && hasWindows && json.value('sliding_window') !== undefined
      ? json.size('sliding_window', undefined, MAX_CONTEXT)
      : undefined,
  );
}
