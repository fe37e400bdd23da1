// Corrections to a mapping: which columns each shape has, and how a choice changes them.
import type { DatasetMapping, DatasetShape } from '../../engine/protocol.ts';

type Part = keyof DatasetMapping['columns'];

export const COLUMNS_OF: Readonly<
  Record<DatasetShape, readonly { readonly part: Part; readonly optional: boolean }[]>
> = {
  text: [{ part: 'text', optional: false }],
  'prompt-completion': [
    { part: 'prompt', optional: false },
    { part: 'completion', optional: false },
    { part: 'system', optional: true },
  ],
  instruction: [
    { part: 'prompt', optional: false },
    { part: 'input', optional: true },
    { part: 'completion', optional: false },
    { part: 'system', optional: true },
  ],
  messages: [{ part: 'messages', optional: false }],
  sharegpt: [
    { part: 'messages', optional: false },
    { part: 'system', optional: true },
  ],
  template: [],
  tokenized: [
    { part: 'ids', optional: false },
    { part: 'labels', optional: true },
  ],
};

/** An empty column name takes the part out. */
export function withColumn(mapping: DatasetMapping, part: Part, column: string): DatasetMapping {
  const { [part]: _, ...rest } = mapping.columns;
  return { ...mapping, columns: column === '' ? rest : { ...rest, [part]: column } };
}

/** Keeps the columns both shapes have, and fills the parts that are needed with columns nobody has taken yet. */
export function withShape(shape: DatasetShape, from: DatasetMapping, columns: readonly string[]): DatasetMapping {
  if (shape === 'template') return { shape, columns: {}, template: from.template ?? templateFrom(from, columns) };
  const known = Object.fromEntries(
    COLUMNS_OF[shape].flatMap(({ part }) => (from.columns[part] === undefined ? [] : [[part, from.columns[part]]])),
  );
  const taken = new Set(Object.values(known));
  for (const { part, optional } of COLUMNS_OF[shape]) {
    const free = columns.find((column) => !taken.has(column));
    if (optional || known[part] !== undefined || free === undefined) continue;
    known[part] = free;
    taken.add(free);
  }
  return { shape, columns: known };
}

/** What the mapping does now, in the words of a template: a start to write from. */
function templateFrom({ columns: parts }: DatasetMapping, columns: readonly string[]): DatasetMapping['template'] & {} {
  const completion = parts.completion ?? parts.text ?? columns.at(-1) ?? 'completion';
  const read = [parts.prompt, parts.input].filter((column) => column !== undefined);
  if (read.length === 0) read.push(columns.find((column) => column !== completion) ?? 'prompt');
  return { prompt: read.map((column) => `{{${column}}}`).join('\n\n'), completion: `{{${completion}}}` };
}
