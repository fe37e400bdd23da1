// A conversation → the template's text in segments, each learned or only read. The template is asked twice for every
// assistant turn: up to the point where the model would begin to write, and with what it writes. The difference is the
// answer, whatever the template looks like.
//
//   up to here, with generation prompt   <|im_start|>user↵Hi<|im_end|>↵<|im_start|>assistant↵
//   with the answer                      <|im_start|>user↵Hi<|im_end|>↵<|im_start|>assistant↵Hello<|im_end|>↵
//                                                                                            └── answer ──┘
import { DatasetRowError } from './dataset-error.ts';
import type { ChatTokenizer, Message } from './types.ts';

export interface Segment {
  readonly text: string;
  readonly kind: 'context' | 'answer';
}

/**
 * Segments of one row each; a conversation that ends before an assistant's turn ends with the generation prompt.
 * More than one row when the template rewrites earlier turns (Qwen 3 drops old thoughts): the last row has the last turn.
 */
export function renderTurns(messages: readonly Message[], tokenizer: ChatTokenizer): Segment[][] {
  const rows: Segment[][] = [];
  let row: Segment[] = [];
  let rendered = '';
  const addContext = (text: string) => {
    if (!text.startsWith(rendered)) {
      rows.push(row);
      row = [];
      rendered = '';
    }
    row.push({ text: text.slice(rendered.length), kind: 'context' });
  };
  messages.forEach((message, index) => {
    if (message.role !== 'assistant') return;
    const before = render(messages.slice(0, index), tokenizer, true);
    const after = render(messages.slice(0, index + 1), tokenizer, false);
    if (!after.startsWith(before))
      throw new DatasetRowError('the chat template writes an answer differently from how it asks for one');
    addContext(before);
    row.push({ text: after.slice(before.length), kind: message.isContext ? 'context' : 'answer' });
    rendered = after;
  });
  if (messages.at(-1)?.role !== 'assistant') addContext(render(messages, tokenizer, true));
  return [...rows, row];
}

function render(messages: readonly Message[], tokenizer: ChatTokenizer, generationPrompt: boolean): string {
  try {
    return tokenizer.renderChat(messages, { generationPrompt });
  } catch (error) {
    throw new DatasetRowError(
      `the chat template refuses it: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
