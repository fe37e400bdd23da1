// A chat in a field, as turns that can be edited: OpenAI's role and content, ShareGPT's from and value. Whatever else a turn
// carries stays with it.
export interface Turn {
  readonly role: string;
  readonly content: string;
  /** The turn as it stands in the file; undefined for a new one. */
  readonly from: Readonly<Record<string, unknown>> | undefined;
}

/** Undefined when the value is no list of turns with text: then it is shown as it is. */
export function readTurns(value: unknown): Turn[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const turns = value.map(readTurn);
  return turns.every((turn) => turn !== undefined) ? turns : undefined;
}

function readTurn(item: unknown): Turn | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const from = item as Record<string, unknown>;
  const role = from.role ?? from.from;
  const content = 'content' in from ? from.content : from.value;
  return typeof role === 'string' && typeof content === 'string' ? { role, content, from } : undefined;
}

/** In the words of the file: new turns are written as the others are. */
export function writeTurns(turns: readonly Turn[], like: unknown): unknown[] {
  const isShareGpt = Array.isArray(like) && typeof like[0] === 'object' && like[0] !== null && 'from' in like[0];
  const gpt: Readonly<Record<string, string>> = { user: 'human', assistant: 'gpt' };
  return turns.map(({ role, content, from }) => {
    if (from !== undefined) return { ...from, ['content' in from ? 'content' : 'value']: content };
    return isShareGpt ? { from: gpt[role] ?? role, value: content } : { role, content };
  });
}
