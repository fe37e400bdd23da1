// How the rows of a dataset put a question, as far as all of them do it alike: whoever asks what was trained on them asks so too.

import type { EditableDataset } from './editable-dataset.ts';
import { fillTemplate, templateColumns } from './fill-template.ts';
import type { Message } from './types.ts';

export interface Prompting {
  /** The system message that the chats begin with. */
  readonly system?: string | undefined;
  /** The prompt's template, with its one {{column}} for the question. */
  readonly wording?: string | undefined;
}

/** Rows that are looked at, spread evenly: where all have one way, these show it. */
const SAMPLE_ROWS = 200;

/** Of the rows of one file, or of all; undefined when they have no way in common. */
export function promptingOf(table: EditableDataset, file?: string): Prompting | undefined {
  const { rows, origin } = table.fitted;
  const own = file === undefined ? origin : origin.filter((_, i) => rows[i]!.file === file);
  const step = Math.max(1, own.length / SAMPLE_ROWS);
  const sample = new Set(Array.from({ length: Math.ceil(own.length / step) }, (_, i) => own[Math.floor(i * step)]!));
  const system = common([...sample], (index) => systemOf(table, index));
  const wording = common([...sample], (index) => wordingOf(table, index));
  if (system === undefined && wording === undefined) return undefined;
  return { ...(system !== undefined && { system }), ...(wording !== undefined && { wording }) };
}

function systemOf(table: EditableDataset, index: number): string | undefined {
  const example = table.example(index);
  const first = example?.kind === 'chat' ? example.messages[0] : undefined;
  return first?.role === 'system' ? first.content : undefined;
}

/** With several columns nobody could say which of them a question is. */
function wordingOf(table: EditableDataset, index: number): string | undefined {
  const template = table.mappingOf(index)?.template?.prompt;
  return template !== undefined && templateColumns(template).length === 1 ? template : undefined;
}

function common(rows: readonly number[], of: (index: number) => string | undefined): string | undefined {
  const [first] = rows;
  const text = first === undefined ? undefined : of(first);
  return text !== undefined && rows.every((index) => of(index) === text) ? text : undefined;
}

/** Each of the user's turns in the rows' wording, behind their system message. */
export function promptAs(messages: readonly Message[], { system, wording }: Prompting = {}): readonly Message[] {
  const worded = messages.map((message) =>
    message.role === 'user' && wording !== undefined
      ? { ...message, content: fillTemplate(wording, () => message.content) }
      : message,
  );
  return system?.trim() ? [{ role: 'system', content: system }, ...worded] : worded;
}
