// Rows → which column plays which part. Each row votes by the names of its fields, so that a few odd rows do not decide;
// where names say nothing, a table of two text columns is proposed as prompt and completion, to be checked.
import { DatasetError } from './dataset-error.ts';
import { describeColumns } from './describe-columns.ts';
import { findAlias, type Part } from './known-names.ts';
import { measureColumns } from './measure-columns.ts';
import type { Mapping, Row } from './types.ts';

export interface DetectedMapping {
  readonly mapping: Mapping;
  /** Set when the choice should be looked at. */
  readonly warning: string | undefined;
}

type Columns = { -readonly [key in keyof Mapping['columns']]: Mapping['columns'][key] };
type Guess = Mapping & { readonly isUnsure: boolean };

/** A sample of a file's rows → its mapping. Throws DatasetError with the columns when none is plausible. */
export function detectMapping(rows: readonly Row[]): DetectedMapping {
  const votes = rows.flatMap((row) => detectRowMapping(row) ?? []);
  if (votes.length > 0) {
    const shape = mostFrequent(votes.map((vote) => vote.shape))!;
    const winners = votes.filter((vote) => vote.shape === shape);
    const mapping = { shape, columns: uniteColumns(winners) };
    const isUnsure = winners.filter((vote) => vote.isUnsure).length * 2 > winners.length;
    return { mapping, warning: isUnsure ? describeGuess(mapping) : undefined };
  }
  const mapping = guessFromContent(rows);
  if (mapping !== undefined) return { mapping, warning: describeGuess(mapping) };
  const file = rows[0]?.file ?? 'dataset';
  throw new DatasetError(
    `Cannot read "${file}": found ${describeColumns(rows)}, need a text column, "prompt" and "completion", ` +
      '"instruction" and "output", "messages" or "conversations", or your choice of columns',
    { columns: [...new Set(rows.flatMap((row) => [...row.fields.keys()]))] },
  );
}

/** What one row's own field names say; undefined when they say nothing. */
export function detectRowMapping(row: Row): Guess | undefined {
  const named = nameParts(row);
  const found = (part: Part) => named.get(part)?.name;
  const system = found('system');
  const withSystem = system === undefined ? {} : { system };

  const ids = found('ids');
  const labels = found('labels');
  if (ids !== undefined) return sure('tokenized', labels === undefined ? { ids } : { ids, labels });

  const messages = found('messages');
  if (messages !== undefined && isConversation(messages, row.fields.get(messages)))
    return sure(isShareGpt(row.fields.get(messages)) ? 'sharegpt' : 'messages', { messages, ...withSystem });

  const completion = found('completion');
  const instruction = found('instruction');
  const input = found('input');
  if (instruction !== undefined && completion !== undefined)
    return sure('instruction', { prompt: instruction, ...(input && { input }), completion, ...withSystem });
  const prompt = found('prompt');
  if (prompt !== undefined && completion !== undefined) {
    // A question about a passage: both are read.
    const hasPassage = input !== undefined && typeof row.fields.get(input) === 'string';
    return sure('prompt-completion', { prompt, ...(hasPassage && { input }), completion, ...withSystem });
  }
  if (input !== undefined && completion !== undefined)
    return sure('prompt-completion', { prompt: input, completion, ...withSystem });

  const text = found('text');
  const other = completion ?? found('class');
  if (text !== undefined && other !== undefined && isScalar(row.fields.get(other)))
    return { ...sure('prompt-completion', { prompt: text, completion: other, ...withSystem }), isUnsure: true };
  return text === undefined ? undefined : sure('text', { text });
}

function sure(shape: Mapping['shape'], columns: Mapping['columns']): Guess {
  return { shape, columns, isUnsure: false };
}

/** The best-named field for each part. */
function nameParts(row: Row): Map<Part, { name: string; rank: number }> {
  const parts = new Map<Part, { name: string; rank: number }>();
  for (const name of row.fields.keys()) {
    const alias = findAlias(name);
    if (alias === undefined) continue;
    const best = parts.get(alias.part);
    if (best === undefined || alias.rank < best.rank) parts.set(alias.part, { name, rank: alias.rank });
  }
  return parts;
}

/** "dialogue" may hold a transcript as text; "messages" is always meant as a list, and one that is not is named later. */
function isConversation(name: string, value: unknown): boolean {
  if (Array.isArray(value) || ['messages', 'conversations'].includes(name)) return true;
  return typeof value === 'string' && value.trimStart().startsWith('[');
}

function isShareGpt(value: unknown): boolean {
  const first = Array.isArray(value) ? value[0] : undefined;
  return typeof first === 'object' && first !== null && Object.hasOwn(first, 'from');
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** For each part the column that most rows have for it. */
function uniteColumns(votes: readonly Mapping[]): Mapping['columns'] {
  const columns: Columns = {};
  const parts = ['text', 'prompt', 'input', 'completion', 'system', 'messages', 'ids', 'labels'] as const;
  for (const part of parts) {
    const name = mostFrequent(votes.flatMap((vote) => vote.columns[part] ?? []));
    if (name !== undefined) columns[part] = name;
  }
  return columns;
}

function mostFrequent<T>(values: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** One prose column is text; one prose column beside one other is prompt and completion, the categories asked for. */
function guessFromContent(rows: readonly Row[]): Mapping | undefined {
  const columns = measureColumns(rows);
  if (columns.some((column) => column.hasObjects)) return undefined;
  const worded = columns.filter((column) => column.isWorded);
  if (worded.length === 1 && worded[0]!.isProse) return { shape: 'text', columns: { text: worded[0]!.name } };
  const [first, second] = worded;
  if (worded.length !== 2 || first === undefined || second === undefined) return undefined;
  if (!first.isProse && !second.isProse) return undefined;
  const isReversed = first.isCategory && !second.isCategory;
  const [prompt, completion] = isReversed ? [second, first] : [first, second];
  return { shape: 'prompt-completion', columns: { prompt: prompt.name, completion: completion.name } };
}

function describeGuess({ shape, columns }: Mapping): string {
  if (shape === 'text') return `"${columns.text}" is taken as text: check that this is meant`;
  return `"${columns.prompt}" is taken as prompt and "${columns.completion}" as completion: check that this is meant`;
}
