// Templates differ in what they accept: Gemma's refuses a system message, many refuse two user turns in a row or a tool's
// answer. A refused conversation is rewritten step by step, as little as it takes, and the user is told.
import { DatasetRowError } from './dataset-error.ts';
import type { ChatTokenizer, Message } from './types.ts';

interface Adaptation {
  readonly note: string;
  readonly apply: (messages: readonly Message[]) => readonly Message[];
}

const FOLD: Adaptation = {
  note: 'the chat template has no system message: it is put before the first user turn',
  apply: foldSystem,
};
const RENAME: Adaptation = { note: 'the chat template has no tool turns: they become user turns', apply: renameTools };
const JOIN: Adaptation = {
  note: 'the chat template needs turns to alternate: neighbours of one role are joined',
  apply: joinNeighbours,
};

/** Tried in this order: the fewest changes first. */
const ATTEMPTS: readonly (readonly Adaptation[])[] = [
  [],
  [FOLD],
  [RENAME],
  [JOIN],
  [FOLD, RENAME],
  [FOLD, JOIN],
  [RENAME, JOIN],
  [FOLD, RENAME, JOIN],
];

/** Messages that the template renders. Throws DatasetRowError with the template's reason when it refuses them all. */
export function adaptMessages(
  messages: readonly Message[],
  tokenizer: ChatTokenizer,
  note: (reason: string) => void,
): readonly Message[] {
  if (isPlain(messages)) return messages;
  let refusal: string | undefined;
  for (const attempt of ATTEMPTS) {
    const adapted = attempt.reduce((current, { apply }) => apply(current), messages);
    const answer = tryRender(adapted, tokenizer);
    if (answer === undefined) {
      for (const { note: reason } of attempt) note(reason);
      return adapted;
    }
    refusal ??= answer;
  }
  throw new DatasetRowError(`the chat template refuses it: ${refusal}`);
}

/** User and assistant in turn: what every template takes, and nothing here could change. */
function isPlain(messages: readonly Message[]): boolean {
  return messages.every(({ role }, index) => role === (index % 2 === 0 ? 'user' : 'assistant'));
}

/** Why the template refuses, or undefined. A system message that it drops without a word counts as refused. */
function tryRender(messages: readonly Message[], tokenizer: ChatTokenizer): string | undefined {
  try {
    const isAnswered = messages.at(-1)?.role === 'assistant';
    const text = tokenizer.renderChat(messages, { generationPrompt: !isAnswered });
    const system = messages.find((message) => message.role === 'system')?.content.trim();
    return system === undefined || text.includes(system) ? undefined : 'it leaves out the system message';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function foldSystem(messages: readonly Message[]): readonly Message[] {
  const system = messages.filter((message) => message.role === 'system').map((message) => message.content);
  const others = messages.filter((message) => message.role !== 'system');
  const first = others.findIndex((message) => message.role === 'user');
  if (first < 0) return messages;
  const content = [...system, others[first]!.content].join('\n\n');
  return others.map((message, index) => (index === first ? { ...message, content } : message));
}

function renameTools(messages: readonly Message[]): readonly Message[] {
  return messages.map((message) => (message.role === 'tool' ? { ...message, role: 'user' } : message));
}

function joinNeighbours(messages: readonly Message[]): readonly Message[] {
  const joined: Message[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (last?.role !== message.role) joined.push(message);
    else joined[joined.length - 1] = { ...message, content: `${last.content}\n\n${message.content}` };
  }
  return joined;
}
