// A conversation as people store it (OpenAI's role/content, ShareGPT's from/value, content in parts) → messages.
// Throws DatasetRowError with the reason when it is none.
import { checkText, isBlank } from './check-text.ts';
import { DatasetRowError } from './dataset-error.ts';
import { findRole } from './known-names.ts';
import type { Notices } from './notice-book.ts';
import { describeValue, ownValue } from './row-from-value.ts';
import type { Message, Row } from './types.ts';

/** Turns of one conversation. Real ones have up to some hundred; stops crafted rows that would render for minutes. */
const MAX_MESSAGES = 2000;

export function readMessages(row: Row, column: string, notices: Notices): Message[] {
  const list = parseList(row.fields.get(column), column);
  if (list.length === 0) throw new DatasetRowError(`"${column}" is an empty list`);
  if (list.length > MAX_MESSAGES)
    throw new DatasetRowError(`"${column}" has ${list.length} messages, need at most ${MAX_MESSAGES}`);
  const messages = list.map((item, index) => readMessage(item, index, row, notices));
  return checkTurns(messages, row, notices);
}

/** In a table a conversation is JSON in a cell. */
function parseList(value: unknown, column: string): unknown[] {
  let list = value;
  if (typeof value === 'string' && value.trimStart().startsWith('[')) {
    try {
      list = JSON.parse(value);
    } catch {
      throw new DatasetRowError(`"${column}" is text that is not valid JSON, need a list of messages`);
    }
  }
  if (!Array.isArray(list))
    throw new DatasetRowError(`"${column}" is ${describeValue(value)}, need a list of messages`);
  return list;
}

function readMessage(item: unknown, index: number, row: Row, notices: Notices): Message {
  const name = `message ${index + 1}`;
  if (typeof item !== 'object' || item === null)
    throw new DatasetRowError(`${name} is ${describeValue(item)}, need an object`);
  const roleName = ownValue(item, 'role') ?? ownValue(item, 'from');
  if (typeof roleName !== 'string') throw new DatasetRowError(`${name} has no role`);
  const found = findRole(roleName);
  if (found === undefined)
    throw new DatasetRowError(`${name} has the role "${roleName.slice(0, 40)}", need system, user, assistant or tool`);
  if (!found.isExact)
    notices.warn(row.file, row.line, `${name}: role "${roleName}" is read as "${found.role}"`, 'role-case');
  const { role } = found;
  const text = readContent(item, name);
  const content = checkText(text, { ...row, name }, role === 'assistant' ? 'answer' : 'prompt', notices);
  const weight = ownValue(item, 'weight') ?? ownValue(item, 'loss_weight');
  return role === 'assistant' && weight === 0 ? { role, content, isContext: true } : { role, content };
}

function readContent(item: object, name: string): string {
  const content = Object.hasOwn(item, 'content') ? ownValue(item, 'content') : ownValue(item, 'value');
  if (typeof content === 'string') return content;
  if (typeof content === 'number' || typeof content === 'boolean') return String(content);
  if (Array.isArray(content)) return content.map((part) => readPart(part, name)).join('');
  const calls = ownValue(item, 'tool_calls');
  if (Array.isArray(calls) && calls.length > 0) return calls.map((call) => readCall(call, name)).join('\n');
  throw new DatasetRowError(`${name}: the content is ${describeValue(content)}, need text`);
}

function readPart(part: unknown, name: string): string {
  if (typeof part === 'string') return part;
  const text =
    typeof part === 'object' && part !== null ? (ownValue(part, 'text') ?? ownValue(part, 'value')) : undefined;
  if (typeof text === 'string') return text;
  throw new DatasetRowError(`${name} has a part that is not text`);
}

/** A call that OpenAI's format stores beside an empty content, as the text most templates make of it. */
function readCall(call: unknown, name: string): string {
  const body = typeof call === 'object' && call !== null ? ownValue(call, 'function') : undefined;
  try {
    if (typeof body === 'object' && body !== null) return JSON.stringify(body);
  } catch {
    // Nested deeper than the stack; the same reason fits.
  }
  throw new DatasetRowError(`${name} has a tool call that is not text`);
}

/** A conversation to learn from ends with an assistant's turn that says something. */
function checkTurns(messages: readonly Message[], row: Row, notices: Notices): Message[] {
  const isAnswer = (message: Message) =>
    message.role === 'assistant' && !message.isContext && !isBlank(message.content);
  const last = messages.findLastIndex(isAnswer);
  if (last < 0) throw new DatasetRowError('no assistant turn to learn from');
  const note = (reason: string) => notices.warn(row.file, row.line, reason);
  if (last < messages.length - 1) note('what follows the last assistant turn is left out');
  const kept = messages.slice(0, last + 1);
  if (kept[0]!.role === 'assistant') note('the conversation begins with an assistant turn');
  if (kept.some(({ role }, index) => role === 'user' && kept[index + 1]?.role === 'user'))
    note('two user turns follow each other');
  if (kept.some(({ role }, index) => role === 'system' && index > 0))
    note('a system message stands inside the conversation');
  if (kept.some((message) => message.role === 'user' && isBlank(message.content))) note('a user turn is empty');
  // An empty answer would teach the model to say nothing.
  return kept.map((message) =>
    message.role === 'assistant' && isBlank(message.content) ? { ...message, isContext: true } : message,
  );
}
