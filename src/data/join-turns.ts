// A conversation for a model without a chat template: the turns as plain text, one after another. Nothing is put between
// a prompt and its completion, so that what is trained is what a user types. Every answer ends with the end-of-turn token.
import type { Segment } from './render-turns.ts';
import type { Message } from './types.ts';

export function joinTurns(messages: readonly Message[]): Segment[] {
  const segments: Segment[] = [];
  let waiting: string[] = [];
  const flush = () => {
    if (waiting.length > 0) segments.push({ text: waiting.join('\n\n'), kind: 'context' });
    waiting = [];
  };
  for (const message of messages) {
    if (message.role !== 'assistant' || message.isContext) {
      waiting.push(message.content);
      continue;
    }
    flush();
    segments.push({ text: message.content, kind: 'answer' });
  }
  flush();
  return segments;
}
