// A row + its mapping → an example: fields get their meaning. A row that cannot be used is named with its reason; nothing that
// is not text ("[object Object]", "null") ever becomes text.
import { checkText, isBlank } from './check-text.ts';
import { DatasetRowError } from './dataset-error.ts';
import { detectRowMapping } from './detect-mapping.ts';
import { fillTemplate, templateColumns } from './fill-template.ts';
import type { Notices } from './notice-book.ts';
import { readMessages } from './read-messages.ts';
import { readTokenized } from './read-tokenized.ts';
import { describeValue } from './row-from-value.ts';
import type { Example, Mapping, Message, PromptTemplate, Row } from './types.ts';

export interface ExampleOptions {
  /** True (a detected mapping): rows of another known shape are read as what they are. False (the user chose): skipped. */
  readonly isMixed?: boolean;
  /** Put before chats that have no system message of their own. */
  readonly systemPrompt?: string | undefined;
}

/** One row; undefined when it cannot be used, which `notices` then tells. */
export function toExample(
  row: Row,
  mapping: Mapping,
  notices: Notices,
  options: ExampleOptions = {},
): Example | undefined {
  try {
    const own = chooseMapping(row, mapping, notices, options.isMixed ?? true);
    return withSystem(readExample(row, own, notices), options.systemPrompt);
  } catch (error) {
    if (!(error instanceof DatasetRowError)) throw error;
    notices.skip(row.file, row.line, error.message);
    return undefined;
  }
}

function withSystem(example: Example, prompt: string | undefined): Example {
  if (example.kind !== 'chat' || prompt === undefined || isBlank(prompt)) return example;
  if (example.messages.some(({ role }) => role === 'system')) return example;
  return { ...example, messages: [{ role: 'system', content: prompt }, ...example.messages] };
}

/** The file's mapping where the row has its columns, else the row's own. */
function chooseMapping(row: Row, mapping: Mapping, notices: Notices, isMixed: boolean): Mapping {
  const missing = neededColumns(mapping).filter((column) => !row.fields.has(column));
  if (missing.length === 0) return mapping;
  const own = isMixed ? detectRowMapping(row) : undefined;
  if (own !== undefined) {
    const columns = neededColumns(own).map((column) => `"${column}"`);
    notices.warn(row.file, row.line, `is read by its own ${columns.join(' and ')} (${own.shape})`, 'mixed');
    return own;
  }
  const names = [...row.fields.keys()].slice(0, 5).map((name) => `"${name.slice(0, 40)}"`);
  const isLookalike = [...row.fields.keys()].some(mixesAlphabets);
  throw new DatasetRowError(
    `has no ${missing.map((name) => `"${name}"`).join(' and no ')}, found ${names.join(', ') || 'no fields'}` +
      (isLookalike ? ' (a name that only looks alike: it mixes alphabets)' : ''),
  );
}

function neededColumns({ columns, template }: Mapping): string[] {
  if (template !== undefined) return templateColumns(template.completion);
  const { text, prompt, completion, messages, ids } = columns;
  return [text, prompt, completion, messages, ids].filter((column) => column !== undefined);
}

function mixesAlphabets(name: string): boolean {
  return /\p{Script=Latin}/u.test(name) && /\p{Script=Cyrillic}|\p{Script=Greek}/u.test(name);
}

function readExample(row: Row, mapping: Mapping, notices: Notices): Example {
  const { file, line } = row;
  const { columns } = mapping;
  switch (mapping.shape) {
    case 'text': {
      const text = readText(row, need(columns.text, 'text'), 'document', notices);
      if (isBlank(text)) throw new DatasetRowError('no text');
      return { file, line, kind: 'text', text };
    }
    case 'prompt-completion':
    case 'instruction':
      return { file, line, kind: 'chat', messages: readPair(row, columns, notices) };
    case 'messages':
    case 'sharegpt': {
      const messages = readMessages(row, need(columns.messages, 'messages'), notices);
      if (row.fields.has('tools'))
        notices.warn(file, 0, 'the field "tools" is not part of the text that is trained on');
      return { file, line, kind: 'chat', messages: [...readSystem(row, columns.system, notices), ...messages] };
    }
    case 'template':
      return { file, line, kind: 'chat', messages: fillPair(row, mapping.template, notices) };
    case 'tokenized':
      return { file, line, kind: 'tokenized', ...readTokenized(row, need(columns.ids, 'ids'), columns.labels) };
  }
}

/** Prompt (and input, below it) as the user's turn, completion as the assistant's. */
function readPair(row: Row, columns: Mapping['columns'], notices: Notices): Message[] {
  const completion = readText(row, need(columns.completion, 'completion'), 'answer', notices);
  const prompt = readText(row, need(columns.prompt, 'prompt'), 'prompt', notices);
  const input = columns.input === undefined ? '' : readOptional(row, columns.input, notices);
  if (isBlank(completion)) throw new DatasetRowError(`no answer to train on: "${columns.completion}" is empty`);
  const content = [prompt, input].filter((part) => !isBlank(part)).join('\n\n');
  if (content === '') notices.warn(row.file, row.line, `"${columns.prompt}" is empty`);
  return [
    ...readSystem(row, columns.system, notices),
    { role: 'user', content },
    { role: 'assistant', content: completion },
  ];
}

/** Without the answer's columns there is nothing to learn; a prompt may lack some. */
function fillPair(row: Row, template: PromptTemplate | undefined, notices: Notices): Message[] {
  if (template === undefined) throw new DatasetRowError('the mapping has no template');
  const textOf = (column: string) => readOptional(row, column, notices);
  const completion = fillTemplate(template.completion, textOf);
  const isEmpty = (column: string) => isBlank(textOf(column));
  const columns = templateColumns(template.completion);
  if (isBlank(completion) || (columns.length > 0 && columns.every(isEmpty)))
    throw new DatasetRowError(
      columns.length > 0
        ? `no answer to train on: ${columns.map((name) => `"${name}"`).join(' and ')} ${columns.length > 1 ? 'are' : 'is'} empty`
        : 'no answer to train on: the template of the answer is empty',
    );
  const content = fillTemplate(template.prompt, textOf);
  return [
    { role: 'user', content },
    { role: 'assistant', content: completion },
  ];
}

function readSystem(row: Row, column: string | undefined, notices: Notices): Message[] {
  const content = column === undefined ? '' : readOptional(row, column, notices);
  return isBlank(content) ? [] : [{ role: 'system', content }];
}

function readOptional(row: Row, column: string, notices: Notices): string {
  return (row.fields.get(column) ?? null) === null ? '' : readText(row, column, 'prompt', notices);
}

function readText(row: Row, column: string, kind: 'document' | 'prompt' | 'answer', notices: Notices): string {
  const value = row.fields.get(column);
  const place = { file: row.file, line: row.line, name: `"${column}"` };
  if (typeof value === 'string') return checkText(value, place, kind, notices);
  if (typeof value !== 'number' && typeof value !== 'boolean')
    throw new DatasetRowError(`"${column}" is ${describeValue(value)}, need text`);
  notices.warn(row.file, row.line, `"${column}" is ${describeValue(value)} and becomes text`, 'scalar');
  return String(value);
}

function need(column: string | undefined, part: string): string {
  if (column === undefined) throw new DatasetRowError(`the mapping names no column for "${part}"`);
  return column;
}
