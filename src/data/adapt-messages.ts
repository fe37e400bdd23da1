// Templates differ in what they accept: Gemma's refuses a system message, many refuse two user turns in a row or a tool's
// answer. A refused conversation is rewritten step by step, as little as it takes, and the user is told.
import { DatasetRowError } from './dataset-error.ts';
import type { ChatTokenizer, Message } from './types.ts';

interface Adaptation {
  readonly note: string;
  readonly apply: (messages: readonly Message[]) => readonly Message[];
}

const ADAPTATIONS: readonly Adaptation[] = [
  { note: 'the chat template has no system message: it is put before the first user turn', apply: foldSystem },
  { note: 'the chat template has no tool turns: they become user turns', apply: renameTools },
  { note: 'the chat template needs turns to alternate: neighbours of one role are joined', apply: joinNeighbours },
];

/** Messages that the template renders. Throws DatasetRowError with the template's reason when it refuses them all. */
export function adaptMessages(
  messages: readonly Message[],
  tokenizer: ChatTokenizer,
  note: (reason: string) => void,
): readonly Message[] {
  let adapted = messages;
  const notes: string[] = [];
  let refusal = tryRender(adapted, tokenizer);
  for (const { note: reason, apply } of ADAPTATIONS) {
    if (refusal === undefined) break;
    const next = apply(adapted);
    if (next === adapted) continue;
    adapted = next;
    notes.push(reason);
    refusal = tryRender(adapted, tokenizer);
  }
  if (refusal !== undefined) throw new DatasetRowError(`the chat template refuses it: ${refusal}`);
  notes.forEach(note);
  return adapted;
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
  if (system.length === 0 || first < 0) return messages;
  const content = [...system, others[first]!.content].join('\n\n');
  return others.map((message, index) => (index === first ? { ...message, content } : message));
}

function renameTools(messages: readonly Message[]): readonly Message[] {
  if (!messages.some((message) => message.role === 'tool')) return messages;
  return messages.map((message) => (message.role === 'tool' ? { ...message, role: 'user' } : message));
}

function joinNeighbours(messages: readonly Message[]): readonly Message[] {
  const joined: Message[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (last?.role !== message.role) joined.push(message);
    else joined[joined.length - 1] = { ...message, content: `${last.content}\n\n${message.content}` };
  }
  return joined.length === messages.length ? messages : joined;
}
