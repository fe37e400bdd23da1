// Names under which public datasets store the same few things. Compared without case, spaces, "_" and "-".
import type { Role } from './types.ts';

export type Part =
  | 'ids'
  | 'labels'
  | 'messages'
  | 'instruction'
  | 'input'
  | 'prompt'
  | 'completion'
  | 'system'
  | 'text'
  | 'class';

/** In order of preference within each part. A name stands in one list only. */
const NAMES: Readonly<Record<Part, readonly string[]>> = {
  ids: ['input_ids'],
  labels: ['labels'],
  messages: ['messages', 'conversations', 'conversation', 'dialog', 'dialogue', 'chat'],
  instruction: ['instruction', 'instructions'],
  input: ['input', 'context'],
  prompt: ['prompt', 'question', 'query', 'user', 'human', 'problem', 'request', 'source', 'src'],
  completion: [
    'completion',
    'response',
    'output',
    'answer',
    'reply',
    'target',
    'assistant',
    'gpt',
    'solution',
    'summary',
    'tgt',
    'chosen',
  ],
  system: ['system', 'system_prompt'],
  text: ['text', 'content', 'document', 'article', 'passage', 'body', 'sentence', 'story'],
  class: ['label', 'category', 'class', 'intent', 'sentiment', 'tag'],
};

const PARTS = new Map<string, { part: Part; rank: number }>(
  Object.entries(NAMES).flatMap(([part, names]) =>
    names.map((name, rank) => [plainName(name), { part: part as Part, rank }] as const),
  ),
);

/** Which part a column of this name plays, and how good a name it is for that (0 = best). */
export function findAlias(name: string): { readonly part: Part; readonly rank: number } | undefined {
  return PARTS.get(plainName(name));
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '');
}

const ROLES = new Map<string, Role>([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['human', 'user'],
  ['prompter', 'user'],
  ['assistant', 'assistant'],
  ['gpt', 'assistant'],
  ['chatgpt', 'assistant'],
  ['model', 'assistant'],
  // A call is something the model says; what comes back is something it reads.
  ['function_call', 'assistant'],
  ['tool_call', 'assistant'],
  ['tool', 'tool'],
  ['function', 'tool'],
  ['observation', 'tool'],
  ['ipython', 'tool'],
  ['function_response', 'tool'],
  ['tool_response', 'tool'],
]);

/** The role behind OpenAI's and ShareGPT's names; `isExact` is false when only the case differs. */
export function findRole(name: string): { readonly role: Role; readonly isExact: boolean } | undefined {
  const role = ROLES.get(name.trim().toLowerCase());
  return role === undefined ? undefined : { role, isExact: ROLES.has(name) };
}
