// Which layers see only the last keys: `layer_types` where config.json has it, else the family's old rule. Where the file says
// nothing of `sliding_window`, it is what transformers takes then; null says that there is none.

import { type ConfigReader, MAX_CONTEXT } from '../config-reader.ts';

/** transformers' own for Mistral, Qwen2, Qwen3 and Gemma 3 (configuration_*.py, `sliding_window: int | None = 4096`). */
export const USUAL_WINDOW = 4096;

/** The window of all layers alike; transformers looks at no `layer_types` here, so that another one is refused. */
export function readWindow(json: ConfigReader, layers: number, usual: number | undefined): (number | undefined)[] {
  const window = windowOf(json, usual);
  const types = json.value('layer_types');
  const isAllWindowed = Array.isArray(types) && types.every((type) => type === 'sliding_attention');
  if (types !== undefined && window !== undefined && !isAllWindowed)
    throw json.bad('layer_types', types, `"sliding_attention" for every layer, as sliding_window ${window} says`);
  return Array.from({ length: layers }, () => window);
}

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
    typeOf(layer) === 'sliding_attention' && hasWindows ? windowOf(json, USUAL_WINDOW) : undefined,
  );
}

/** `usual` where the file has no such field. */
function windowOf(json: ConfigReader, usual: number | undefined): number | undefined {
  if (json.value('sliding_window') !== undefined) return json.size('sliding_window', undefined, MAX_CONTEXT);
  return json.says('sliding_window') ? undefined : usual;
}
